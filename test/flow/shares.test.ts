import { inMemory } from '../fixtures/single-mode.ts';
import { describeShares } from './suites/shares.ts';

describeShares(inMemory);
