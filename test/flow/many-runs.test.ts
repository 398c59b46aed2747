import { inMemory } from '../fixtures/single-mode.ts';
import { describeManyRuns } from './suites/many-runs.ts';

describeManyRuns(inMemory);
