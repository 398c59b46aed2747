import { inMemory } from '../fixtures/single-mode.ts';
import { describeAuthorFaults } from './suites/author-faults.ts';

describeAuthorFaults(inMemory);
