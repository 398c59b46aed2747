import { inMemory } from '../fixtures/single-mode.ts';
import { describeCosts } from './suites/costs.ts';

describeCosts(inMemory);
