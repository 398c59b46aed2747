import { inFile, inMemory } from '../fixtures/single-mode.ts';
import { describeGrowth, describeLargeItems, describeManyEnds } from './suites/many-runs.ts';

describeManyEnds(inMemory);
describeLargeItems(inMemory);
describeGrowth(inFile);
