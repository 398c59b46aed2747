import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeEarlyReports } from './early-suite.ts';

describeEarlyReports('on services over Redis, NATS and PostgreSQL', distributedMode());
