import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeShares } from './suites/shares.ts';

describeShares(distributedMode());
