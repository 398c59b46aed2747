import { inMemory } from '../fixtures/single-mode.ts';
import { describeWeb } from './suites/web.ts';

describeWeb(inMemory);
