import { inMemory } from '../fixtures/single-mode.ts';
import { describeEndings } from './suites/endings.ts';

describeEndings(inMemory);
