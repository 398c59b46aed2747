import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeClasses, describeShares } from './suites/shares.ts';

const mode = distributedMode();
describeShares(mode);
describeClasses(mode);
