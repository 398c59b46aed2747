import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeFanOut } from './suites/fan-out.ts';

describeFanOut(distributedMode(), 2_000);
