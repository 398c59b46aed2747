import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeAuthorFaults } from './suites/author-faults.ts';

describeAuthorFaults(distributedMode());
