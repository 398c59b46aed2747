/** The measured side of `npm run bench:partials`: one run that receives streams, in one process on a file. */
import { z } from 'zod';
import { ModuleRegistry } from '../../../libs/calls/registry.ts';
import { loadConfig } from '../../../libs/config/load-config.ts';
import { computeStep, defineModule, fetchStep } from '../../../libs/modules/index.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';
import { startSingleNode } from '../../../services/node/single.ts';
import { measure } from '../child.ts';

export interface StreamsJob {
  readonly baseUrl: string;
  readonly streams: number;
  readonly seconds: number;
  /** Whether the module opens its later phases early, so that texts are kept. */
  readonly isKept: boolean;
  readonly database: string;
}

export interface StreamsResult {
  /** Open requests whose text the early step has read. */
  readonly texts: number;
}

await measure<StreamsJob, StreamsResult>(async ({ baseUrl, streams, seconds, isKept, database }) => {
  const module = defineModule({
    name: 'streams',
    version: '1.0.0',
    input: z.object({}),
    steps: { ask: fetchStep(z.object({ question: z.string() })), count: computeStep() },
    items: { count: z.object({ texts: z.number() }) },
    phases: [['ask'], ['count']],
    // While the streams are still open: all that they have sent by then has been stored several times.
    ...(isKept ? { early: { atMs: (seconds - 1) * 1_000 } } : {}),
  }).implement({
    *start({ go }) {
      for (let nth = 0; nth < streams; nth += 1) yield go.ask({ question: `推荐第${nth}类跑鞋` });
    },
    steps: {
      ask: {
        request: ({ state }) => ({
          ...{ url: `${baseUrl}/chat/completions`, method: 'POST', partial: true, robots: 'ignore' },
          json: { model: 'doubao-test', messages: [{ role: 'user', content: state.question }] },
          timeoutMs: 10 * seconds * 1_000,
        }),
        *parse() {},
      },
      count: {
        async *run({ partials, isEarly, put }) {
          const texts = await Array.fromAsync(partials());
          if (isEarly) yield put.count({ texts: texts.filter(({ text }) => text !== '').length });
        },
      },
    },
  });
  const { config } = loadConfig({
    env: {},
    overrides: {
      ...{ 'store.path': database, 'limits.requests_per_second': 0, 'limits.concurrency_per_host': 0 },
      download_concurrency: streams,
    },
  });
  const node = startSingleNode({ config, modules: new ModuleRegistry([module]), log: silentLog });
  const { runId } = await node.submit({ modules: [module.id], input: {}, account: 'bench', platform: 'streams' });
  await node.closed(runId);
  return async () => {
    const query = { runId, type: 'count', afterSeq: 0, limit: 1, withReplaced: true };
    const [row] = await node.store.readItems(query);
    await node.stop();
    return row === undefined ? { texts: 0 } : (JSON.parse(row.data) as StreamsResult);
  };
});
