import { afterEach, expect, it } from 'vitest';
import { rejection } from '../../../test/fixtures/grpc/probe.ts';
import { endServing, probeClient, serve } from '../../../test/fixtures/grpc/serving.ts';
import { spansOf } from '../../../test/fixtures/otlp/traced.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { inSpan } from '../../telemetry/spans.ts';
import { runTraceIds } from '../../telemetry/trace-ids.ts';

afterEach(endServing);

const caller = { name: 'parse shop/page', runId: 'run-1', fields: {}, cause: 'internal' } as const;

it('a call is a span at each of its ends, the server’s below the client’s, with its status', async () => {
  const spans = await spansOf(async () => {
    const server = await serve({
      write: async () => {
        throw new CatenaError('store.unavailable', 'the store is away', { class: 'retryable' });
      },
    });
    const client = probeClient(server.port);
    await inSpan(caller, async () => {
      await client.read({ text: '' });
      await rejection(client.write({ text: '' }));
    });
    await endServing();
  });
  const { traceId } = runTraceIds('run-1');
  for (const [method, status] of [
    ['Read', undefined],
    ['Write', 'UNAVAILABLE'],
  ]) {
    const [client, server] = [3, 2].map((kind) =>
      spans.find((span) => span.kind === kind && span.name.endsWith(`/${method}`)),
    );
    expect(server).toMatchObject({ traceId, parentId: client!.spanId });
    expect(client).toMatchObject({ traceId, attributes: { 'rpc.system.name': 'grpc', 'server.address': '127.0.0.1' } });
    for (const span of [client, server]) {
      expect(span!.attributes['rpc.status_code'], `${method} ${span!.kind}`).toBe(status);
      expect(span!.status.code).toBe(status === undefined ? 0 : 2);
    }
  }
});

it('a call that is not sampled and succeeds is no span at either end', async () => {
  const spans = await spansOf(async () => {
    const server = await serve();
    await probeClient(server.port).read({ text: '' });
    await endServing();
  }, 0);
  expect(spans).toEqual([]);
});
