import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeWeb } from './suites/web.ts';

describeWeb(distributedMode());
