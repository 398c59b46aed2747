import { describeFanOut } from './coordinator/fan-out.ts';
import { openSqliteHarness } from './sqlite-harness.ts';

describeFanOut('SQLite', openSqliteHarness);
