import { inMemory } from '../fixtures/single-mode.ts';
import { describeCaps } from './suites/caps.ts';

describeCaps(inMemory, { isExact: true });
