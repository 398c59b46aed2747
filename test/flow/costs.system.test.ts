import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeCosts } from './suites/costs.ts';

describeCosts(distributedMode());
