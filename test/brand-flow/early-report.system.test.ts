import { distributedMode } from '../fixtures/distributed-node.ts';
import { inFile } from '../fixtures/single-mode.ts';
import { describeEarlyReports } from './early-suite.ts';

describeEarlyReports('in one process', inFile);
describeEarlyReports('on services over Redis, NATS and PostgreSQL', distributedMode());
