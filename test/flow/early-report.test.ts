import { inFile } from '../fixtures/single-mode.ts';
import { describeEarlyReport } from './suites/early-report.ts';

describeEarlyReport(inFile);
