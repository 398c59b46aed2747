/** All five stages in one process of distributed mode: `node services/serve.ts`, with its settings in the environment. */
import { runProcess } from './node/process.ts';
import { STAGE_NAMES } from './stages.ts';

if (import.meta.main) process.exitCode = await runProcess(STAGE_NAMES);
