/** A circuit breaker over runs and starts of the process, as a user meets it. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineModule, fetchStep } from '../../libs/modules/index.ts';
import { scratchFolder } from '../../libs/sqlite/scratch.fixture.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';
import { codeOf, run, startNode } from '../fixtures/flow.ts';

const model = defineModule({
  name: 'model',
  version: '1.0.0',
  input: z.object({ base: z.url(), brand: z.string() }),
  steps: { ask: fetchStep(z.object({}), { retry: { attempts: 1 } }) },
  items: {},
}).implement({
  *start({ go }) {
    yield go.ask({});
  },
  steps: {
    ask: {
      request: ({ input }) => ({
        url: input.base,
        breaker: { key: `model:${input.brand}`, failures: 2, openMs: 60_000 },
      }),
      *parse() {},
    },
  },
});

it('B27: what keeps failing for one brand is left alone, by later runs and after a restart, and other brands are not', async () => {
  let asked = 0;
  const server = await startServer((_, response) => {
    asked += 1;
    response.statusCode = 500;
    response.end();
  });
  const settings = { 'store.path': join(scratchFolder(), 'catena.db') };
  const codeFor = async (node: ReturnType<typeof startNode>, brand: string) => {
    const { deadLetters } = await run(node, model, { base: server.origin, brand });
    return deadLetters.map(codeOf).join();
  };
  const first = startNode([model], settings);
  expect(await codeFor(first, 'Acme')).toBe('download.status');
  expect(await codeFor(first, 'Acme')).toBe('download.status');
  expect(await codeFor(first, 'Acme')).toBe('breaker.open');
  expect(await codeFor(first, 'Other')).toBe('download.status');
  expect([asked, first.metrics.total(METRICS.breakersOpen)]).toEqual([3, 1]);
  await first.stop();
  const second = startNode([model], settings);
  expect(await codeFor(second, 'Acme')).toBe('breaker.open');
  expect(asked).toBe(3);
});
