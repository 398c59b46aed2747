import { distributedMode } from '../fixtures/distributed-node.ts';
import { describeManners } from './suites/manners.ts';
import { describeSite } from './suites/site.ts';

const mode = distributedMode();

describeSite(mode);
describeManners(mode);
