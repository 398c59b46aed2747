import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeFullQueue, describeManyRuns } from './suites/many-runs.ts';

const mode = distributedMode();
describeManyRuns(mode);
describeFullQueue(mode);
