import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeCaps } from './suites/caps.ts';

describeCaps(distributedMode(), { isExact: false });
