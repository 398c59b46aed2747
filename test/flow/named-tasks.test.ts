import { inFile } from '../fixtures/single-mode.ts';
import { describeNamedTasks } from './suites/named-tasks.ts';

describeNamedTasks(inFile);
