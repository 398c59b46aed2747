import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeNamedTasks } from './suites/named-tasks.ts';

describeNamedTasks(distributedMode());
