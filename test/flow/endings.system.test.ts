import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeEndings } from './suites/endings.ts';

describeEndings(distributedMode());
