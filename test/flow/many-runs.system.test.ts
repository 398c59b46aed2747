import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeFullQueue, describeGrowth, describeLargeItems } from './suites/many-runs.ts';

const mode = distributedMode();
describeLargeItems(mode);
describeFullQueue(mode);
describeGrowth(mode);
