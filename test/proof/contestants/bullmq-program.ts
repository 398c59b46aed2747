/** The crawl of the proof as a flow of BullMQ. Ids of jobs are given, so that whoever starts it again adds nothing twice. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { loadBullMq } from '../../bench/contestants/bullmq-package.ts';
import type { ProofItem } from '../site.ts';

interface Work {
  readonly page?: string;
}

const order = JSON.parse(process.argv[2]!) as { base: string; output: string; redisPort: number };
const { base, output } = order;
const connection = { host: '127.0.0.1', port: order.redisPort };
const NAME = 'proof';
const LOOK_MS = 200;
const again = { attempts: 10, backoff: { type: 'fixed', delay: 500 } } as const;

const { FlowProducer, Queue, Worker } = await loadBullMq();
const queue = new Queue<Work>(NAME, { connection });
const flows = new FlowProducer({ connection });
const worker = new Worker<Work>(
  NAME,
  async (job) => {
    switch (job.name) {
      case 'list':
        return addPages(await text('/list'));
      case 'page': {
        const value = Number(/id="value">(\d+)</.exec(await text(`/page/${job.data.page}`))![1]);
        return { id: job.data.page, value };
      }
      default:
        return Object.values(await job.getChildrenValues<ProofItem>());
    }
  },
  { connection, concurrency: 16, maxStalledCount: 100 },
);
for (const each of [queue, flows, worker]) each.on('error', () => {});
await queue.add('list', {}, { jobId: 'list', ...again });
for (;;) {
  const joined = await queue.getJob('join').catch(() => undefined);
  if (joined !== undefined && (await joined.isCompleted().catch(() => false))) {
    const items = joined.returnvalue as ProofItem[];
    const sum = { id: 'sum', value: items.reduce((total, { value }) => total + value, 0) };
    await writeFile(output, [...items, sum].map((item) => `${JSON.stringify(item)}\n`).join(''));
    process.exit(0);
  }
  await delay(LOOK_MS);
}

async function addPages(list: string): Promise<void> {
  const pages = [...list.matchAll(/<a href="\/page\/(\d+)"/g)].map(([, page]) => page!);
  await flows.add<Work>({
    ...{ name: 'join', queueName: NAME, data: {}, opts: { jobId: 'join', ...again } },
    children: pages.map((page) => ({
      ...{ name: 'page', queueName: NAME, data: { page }, opts: { jobId: `page-${page}`, ...again } },
    })),
  });
}

async function text(path: string): Promise<string> {
  return (await fetch(base + path)).text();
}
