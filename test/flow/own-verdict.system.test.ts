import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeOwnVerdicts } from './suites/own-verdict.ts';

describeOwnVerdicts(distributedMode());
