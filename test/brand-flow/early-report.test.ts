import { inFile } from '../fixtures/single-mode.ts';
import { describeEarlyReports } from './early-suite.ts';

describeEarlyReports('in one process', inFile);
