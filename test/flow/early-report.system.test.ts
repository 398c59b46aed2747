import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeEarlyReport } from './suites/early-report.ts';

describeEarlyReport(distributedMode());
