import { describeGenerated } from './coordinator/generated.ts';
import { openSqliteHarness } from './sqlite-harness.ts';

/** Ten times the usual number, and other ones each time: a failure names the seed and the path that replay it. */
describeGenerated(openSqliteHarness, { sequences: 2_000, seed: Date.now() % 2 ** 31 });
