import { inFile } from '../fixtures/single-mode.ts';
import { describeCaps } from './suites/caps.ts';

describeCaps(inFile, { isExact: true });
