import { inMemory } from '../fixtures/single-mode.ts';
import { describeClasses, describeShares } from './suites/shares.ts';

describeShares(inMemory);
describeClasses(inMemory);
