import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeResume } from './suites/resume.ts';

describeResume(distributedMode());
