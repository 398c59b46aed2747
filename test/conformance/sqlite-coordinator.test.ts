import { describeCoordinator } from './coordinator.ts';
import { openSqliteHarness } from './sqlite-harness.ts';

describeCoordinator('SQLite', openSqliteHarness);
