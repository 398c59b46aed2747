/** `npm run freeze`: nothing that a page or the code of an author does holds a process up. */
import { machine } from '../bench/machine.ts';
import { namesIn, runCommand, whole } from '../bench/options.ts';
import type { Budgets } from './faults.ts';
import { runFreeze } from './freeze.ts';
import { reportOf } from './report.ts';
import { serveServices } from './services.ts';
import { serveSingle } from './single.ts';

const usage = `npm run freeze -- [options]
Reads pages of hostile shapes and lets the code of authors fail in every way, beside innocent pages, while health and status are
asked all the time; prints what became of each. Ends with code 1 when a goal is missed.

  --modes LIST            single, services; default both. services needs Redis, NATS and PostgreSQL
  --call-timeout-ms N     execution.call_timeout_ms, default 30000
  --block-timeout-ms N    execution.block_timeout_ms, default 10000
  --memory-mb N           execution.memory_mb, default 512
  --workers N             execution.workers of each process; default: as many as cores`;

const options = {
  modes: { type: 'string', default: 'single,services' },
  'call-timeout-ms': { type: 'string', default: '30000' },
  'block-timeout-ms': { type: 'string', default: '10000' },
  'memory-mb': { type: 'string', default: '512' },
  workers: { type: 'string' },
} as const;

const MODES = { single: serveSingle, services: serveServices };
const PATIENCE_MS = 600_000;

await runCommand(usage, options, async (values) => {
  const budgets: Budgets = {
    callTimeoutMs: whole('call-timeout-ms', values['call-timeout-ms'], 10),
    blockTimeoutMs: whole('block-timeout-ms', values['block-timeout-ms'], 10),
    memoryMb: whole('memory-mb', values['memory-mb'], 16),
  };
  const workers = values.workers === undefined ? undefined : whole('workers', values.workers);
  const violations: string[] = [];
  console.log(`Measured on ${machine()}.\n`);
  for (const mode of namesIn('modes', values.modes, ['single', 'services'])) {
    const observed = await runFreeze({
      start: () => MODES[mode]({ budgets, workers }),
      patienceMs: PATIENCE_MS,
      onProgress: (line) => console.error(line),
    });
    const report = reportOf(observed, budgets);
    console.log(report.text);
    violations.push(...report.violations.map((line) => `${observed.target}: ${line}`));
  }
  for (const line of violations) console.log(`FAILED: ${line}`);
  return violations.length === 0;
});
