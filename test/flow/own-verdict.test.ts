import { inMemory } from '../fixtures/single-mode.ts';
import { describeOwnVerdicts } from './suites/own-verdict.ts';

describeOwnVerdicts(inMemory);
