/** What a subscriber of the broker hears of runs: every type of event that is emitted, each under its stable id. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { openNatsBus } from '../../libs/bus/nats/open-nats-bus.ts';
import { type ChainEvent, EVENT_TYPES } from '../../libs/contracts/events.ts';
import { computeStep, defineModule } from '../../libs/modules/index.ts';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';
import { distributedMode } from '../fixtures/distributed-node.ts';
import { run } from '../fixtures/flow.ts';

const mode = distributedMode();

/** Breakers speak for a host: no transition of a run emits these. */
const NOT_EMITTED: readonly string[] = ['BreakerOpened', 'BreakerClosed'];

/** A second step whose requests cannot be generated at first: its page is read again. */
function falteringModule() {
  let tries = 0;
  return defineModule({
    name: 'faltering',
    version: '1.0.0',
    input: z.object({ base: z.url() }),
    steps: { list: z.object({}), detail: z.object({}) },
  }).implement({
    *start({ go }) {
      yield go.list({});
    },
    steps: {
      list: {
        request: ({ input }) => input.base,
        *parse({ go }) {
          yield go.detail({});
        },
      },
      detail: {
        request: ({ input }) => {
          tries += 1;
          if (tries === 1) throw new Error('not yet');
          return input.base;
        },
        *parse() {},
      },
    },
  });
}

const failing = defineModule({
  name: 'failing',
  version: '1.0.0',
  input: z.object({ pieces: z.number() }),
  steps: { piece: computeStep(z.object({ n: z.number() }), { retry: { attempts: 1 } }) },
}).implement({
  *start({ go, input }) {
    for (let n = 0; n < input.pieces; n++) yield go.piece({ n });
  },
  steps: {
    piece: {
      // biome-ignore lint/correctness/useYield: it fails before it has anything.
      *run({ state }) {
        throw new Error(`piece ${state.n} is broken`);
      },
    },
  },
});

it('hears every type of event of runs, whatever became of them', async () => {
  const place = await mode.newPlace();
  const faltering = falteringModule();
  const node = await place.start([faltering, failing], { 'thresholds.module_errors': 5 });
  const listener = await openNatsBus({ url: mode.natsUrl(), onRefused: async () => undefined, onNotice: () => {} });
  onTestFinished(() => listener.close());
  const heard: ChainEvent[] = [];
  const refused: unknown[] = [];
  await listener.events.subscribe({
    from: 'all',
    onEvent: (event) => void heard.push(event),
    onRefused: (message) => void refused.push(message),
    onError: (error) => void refused.push(error),
  });
  const { origin } = await startServer((_request, response) => response.end('a page'));
  const runs = [
    await run(node, faltering, { base: origin }),
    await run(node, failing, { pieces: 2 }),
    await run(node, failing, { pieces: 50 }),
  ];
  expect(runs.map(({ end }) => end.finishReason)).toEqual(['completed', 'completed', 'terminated']);
  const wanted = EVENT_TYPES.filter((type) => !NOT_EMITTED.includes(type));
  await vi.waitFor(() => expect(new Set(heard.map(({ type }) => type))).toEqual(new Set(wanted)), { timeout: 60_000 });
  expect(refused).toEqual([]);
  const wholeRuns = (type: string) => new Set(heard.filter((event) => event.type === type).map(({ runId }) => runId));
  const ran = new Set(runs.map(({ runId }) => runId));
  await vi.waitFor(() => expect(wholeRuns('RunCompleted')).toEqual(ran), { timeout: 60_000 });
  expect(wholeRuns('TaskAccepted')).toEqual(ran);
  // A step is told of once, however many pieces it has: two of the faltering module, one of each failing run.
  const steps = () => new Set(heard.filter(({ type }) => type === 'ParserTaskProduced').map(({ id }) => id));
  await vi.waitFor(() => expect(steps().size).toBe(4), { timeout: 60_000 });
  expect(heard.every(({ id, version }) => id !== '' && version === 1)).toBe(true);
});
