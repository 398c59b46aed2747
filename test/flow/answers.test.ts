import { inMemory } from '../fixtures/single-mode.ts';
import { describeAnswersOfRuns } from './suites/answers.ts';

describeAnswersOfRuns(inMemory);
