/**
 * A process of BullMQ on the three-step chain: a worker per step, whose processor adds the job of the next step. Everything
 * is as by default but for the concurrency. It tells its parent how many chains have ended, and in the end what they gave.
 */
import { readJob, tellParent } from '../child.ts';
import { loadBullMq } from './bullmq-package.ts';

export interface BullMqJob {
  readonly redisPort: number;
  readonly concurrency: number;
  /** `keep` finished jobs, as by default, or `remove` them. */
  readonly finished: 'keep' | 'remove';
}

/** What the parent is told. */
export type BullMqReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'ended'; readonly chains: number }
  | { readonly kind: 'results'; readonly steps: number; readonly results: readonly Chain[] };

/** What the parent says. */
export type BullMqOrder = { readonly kind: 'add'; readonly chains: number } | { readonly kind: 'report' };

export interface Chain {
  readonly chain: number;
  readonly value: number;
}

/** The same as in the module of the three steps. */
const STEPS: readonly ((value: number) => number)[] = [
  (value) => value + 1,
  (value) => value * 2,
  (value) => value - 1,
];
const REPORT_EVERY_MS = 10;
const BULK = 1_000;

const { Queue, Worker } = await loadBullMq();
const { redisPort, concurrency, finished } = readJob<BullMqJob>();
const connection = { host: '127.0.0.1', port: redisPort };
const queues = STEPS.map((_, step) => new Queue<Chain>(`step-${step}`, { connection }));
const results: Chain[] = [];
let [steps, ended, reported] = [0, 0, 0];

const workers = STEPS.map((work, step) => {
  const worker = new Worker<Chain>(
    `step-${step}`,
    async ({ data: { chain, value } }) => {
      const next = { chain, value: work(value) };
      steps += 1;
      if (step < STEPS.length - 1) await queues[step + 1]!.add('chain', next);
      else results.push(next);
    },
    { connection, concurrency, ...(finished === 'remove' ? { removeOnComplete: { count: 0 } } : {}) },
  );
  for (const event of ['failed', 'error'] as const) worker.on(event, (...about) => console.error(event, ...about));
  return worker;
});
workers.at(-1)!.on('completed', () => {
  ended += 1;
});
await Promise.all(workers.map((worker) => worker.waitUntilReady()));

process.on('message', (order: BullMqOrder) => {
  void (order.kind === 'add' ? addChains(order.chains) : report());
});
setInterval(() => {
  if (ended === reported) return;
  reported = ended;
  void tellParent({ kind: 'ended', chains: ended } satisfies BullMqReport);
}, REPORT_EVERY_MS);
await tellParent({ kind: 'ready' } satisfies BullMqReport);

async function addChains(chains: number): Promise<void> {
  for (let from = 0; from < chains; from += BULK) {
    const count = Math.min(BULK, chains - from);
    const jobs = Array.from({ length: count }, (_, at) => ({
      name: 'chain',
      data: { chain: from + at, value: from + at },
    }));
    await queues[0]!.addBulk(jobs);
  }
}

async function report(): Promise<void> {
  await Promise.all(workers.map((worker) => worker.close()));
  await Promise.all(queues.map((queue) => queue.close()));
  await tellParent({ kind: 'results', steps, results } satisfies BullMqReport);
  process.exit(0);
}
