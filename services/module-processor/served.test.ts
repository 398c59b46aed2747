/** The inner path over real sockets: ingress' dispatch out of one process, the module-processor's work in another. */
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { Slots } from '../../libs/concurrency/slots.ts';
import { ModuleProcessorDefinition } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { defineModule } from '../../libs/modules/index.ts';
import { isBackendFailure } from '../../libs/stage/execution/backend-failure.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { openDispatchStream } from '../../libs/transport/grpc/dispatch/client.ts';
import { dispatchCodec } from '../../libs/transport/grpc/dispatch/codec.ts';
import { serveDispatch } from '../../libs/transport/grpc/dispatch/serve.ts';
import { dispatchServers } from '../../libs/transport/grpc/dispatch/servers.ts';
import { neededRole } from '../../libs/transport/grpc/roles.ts';
import type { ServedCall } from '../../libs/transport/grpc/served-calls.ts';
import { grpcService } from '../../libs/transport/grpc/server.ts';
import { endServing, serve } from '../../test/fixtures/grpc/serving.ts';
import { openStageBench } from '../../test/fixtures/stage-bench.ts';
import { dispatchCall } from '../ingress/dispatch-call.ts';
import { handle } from './handle.ts';
import { createModuleProcessorApi } from './rpc.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await endServing();
});

const shop = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({}),
  steps: { list: z.object({}) },
}).implement({
  *start({ go }) {
    yield go.list({});
  },
  steps: { list: { request: () => 'http://shop.test/', *parse() {} } },
});

async function processor(execute?: (dispatch: Dispatch) => Promise<void>) {
  const bench = openStageBench([shop]);
  const slots = new Slots(4);
  const api = createModuleProcessorApi<ServedCall>({
    runs: bench.runs,
    execute: execute ?? (async (dispatch) => void (await handle(bench.moduleProcessor, dispatch))),
    log: silentLog,
    modules: bench.registry,
    serveStream:
      (answer) =>
      (requests, { signal, drain }) =>
        serveDispatch(requests, { codec: dispatchCodec, execute: answer, slots, signal, drain }),
  });
  const server = await serve({}, { services: [grpcService(ModuleProcessorDefinition, api)], neededRole });
  const servers = dispatchServers(ModuleProcessorDefinition, {
    target: `127.0.0.1:${server.port}`,
    deadlineMs: 5_000,
    maxMessageBytes: 1_000_000,
  });
  const stream = openDispatchStream({
    codec: dispatchCodec,
    resolve: () => servers.resolve(),
    connect: (address, requests, signal) => servers.calls(address).executeModule(requests, { signal }),
    log: silentLog,
  });
  closing.push(async () => {
    await stream.stop();
    servers.close();
  });
  const signal = AbortSignal.timeout(10_000);
  return { bench, server, dispatch: dispatchCall((dispatch) => stream.dispatch({ dispatch, trace: {} }, signal)) };
}

it('opens a run there', async () => {
  const { bench, dispatch } = await processor();
  await dispatch({ kind: 'start', run: await bench.accept() });
  expect(await bench.coordinator.findRun('run-1')).toMatchObject({ state: 'open' });
});

it('brings back why a run cannot be executed, and what was not decided', async () => {
  const errors = [
    new CatenaError('module.unknown', 'not served here'),
    new CatenaError('coordinator.unavailable', 'gone', { class: 'retryable' }),
  ];
  const { bench, dispatch } = await processor(() => Promise.reject(errors.shift()));
  const run = await bench.accept();
  const outcome = () => dispatch({ kind: 'start', run }).catch((thrown: unknown) => thrown);
  expect(await outcome()).toMatchObject({ code: 'module.unknown', class: 'fatal' });
  const second = await outcome();
  expect(isBackendFailure(second)).toBe(true);
  expect(second).toMatchObject({ cause: { code: 'coordinator.unavailable' } });
});

it('executes many at once, and answers each', async () => {
  let most = 0;
  let now = 0;
  const { bench, dispatch } = await processor(async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
  });
  const run = await bench.accept();
  await Promise.all(Array.from({ length: 200 }, () => dispatch({ kind: 'start', run })));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});
