/** The process of this service: `node services/module-processor/main.ts`, with its settings in the environment. */
import { runProcess } from '../node/process.ts';

if (import.meta.main) process.exitCode = await runProcess(['module-processor']);
