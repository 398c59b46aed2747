import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeAnswersOfRuns } from './suites/answers.ts';

describeAnswersOfRuns(distributedMode());
