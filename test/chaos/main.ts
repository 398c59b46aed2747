/**
 * `npm run chaos -- --seed N`: faults on a schedule from the seed against real processes and servers, judged from outside.
 * Exit code 0 when nothing was lost and every fault was seen, 1 otherwise.
 */
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { inOwnNetwork, isInOwnNetwork } from './network.ts';
import { reportOf, reportText } from './report.ts';

const usage = `usage: npm run chaos -- [--seed N] [--nodes N] [--minutes M] [--machine] [--json]
  --seed N      what everything random is drawn from, default 1
  --nodes N     at least so many nodes are submitted, default 10000
  --minutes M   for how long faults are injected, default 1; 0 is none, for comparison: it fails, as nothing was seen
  --machine     processes are cut off from servers too, and the disk of the servers is full for a while
  --json        the report as JSON on standard output; progress goes to standard error either way
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '1' },
    machine: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

const MINUTE_MS = 60_000;
/** How long runs may take to close once faults have stopped. */
const SETTLE_MS = 2 * MINUTE_MS;

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (!isInOwnNetwork()) {
    process.exitCode = await inOwnNetwork(import.meta.filename, process.argv.slice(2), interrupted.signal);
    return;
  }
  const seed = numberOf('seed');
  const observed = await runChaos({
    seed,
    hasMachine: values.machine,
    nodes: numberOf('nodes'),
    faultsForMs: numberOf('minutes') * MINUTE_MS,
    settleMs: SETTLE_MS,
    signal: interrupted.signal,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  const report = reportOf(seed, observed);
  process.stdout.write(values.json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report));
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}

function numberOf(name: 'seed' | 'nodes' | 'minutes'): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name} is ${JSON.stringify(values[name])}: give a number from 0 on`);
}

try {
  await main();
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  process.stderr.write('interrupted; everything that was started has been stopped\n');
  process.exitCode = 130;
}
