/** Ingress over real sockets: what a client sees of errors, flow and ends. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IngressDefinition, RunState } from '../../../libs/contracts/services.ts';
import { neededRole } from '../../../libs/transport/grpc/roles.ts';
import { grpcService } from '../../../libs/transport/grpc/server.ts';
import { clientOf, endServing, serve } from '../../../test/fixtures/grpc/serving.ts';
import { createIngressApi } from '../rpc.ts';
import { drive, json, openApi, submitted } from './ingress-api.fixture.ts';

afterEach(endServing);

async function served() {
  const opened = openApi();
  const services = [grpcService(IngressDefinition, createIngressApi(opened.deps))];
  const server = await serve({}, { services, neededRole });
  return { opened, server, client: clientOf(IngressDefinition, server.port) };
}

describe('over the wire', () => {
  it('a task is submitted, watched and read', async () => {
    const { opened, client } = await served();
    opened.bench.http.answer = () => ({ body: 'a\nb' });
    const runId = await submitted(opened, { input: json({ pages: 2 }) });
    const states: RunState[] = [];
    let driven: Promise<void> | undefined;
    for await (const { run } of client.watchRun({ runId })) {
      states.push(run!.state);
      driven ??= drive(opened.bench);
    }
    await driven;
    expect([states[0], states.at(-1)]).toEqual([RunState.OPEN, RunState.CLOSED]);
    const rows: string[] = [];
    for await (const { items } of client.listItems({ runId, follow: true })) {
      for (const { data } of items) rows.push(data.toString());
    }
    expect(rows.sort()).toEqual(['{"sku":"a"}', '{"sku":"a"}', '{"sku":"b"}', '{"sku":"b"}']);
  });

  it('each wrong field of a task comes with its place', async () => {
    const { client } = await served();
    const submitting = client.submitTask({ modules: ['nosuch'], account: 'acme', input: json({ pages: 'x' }) });
    await expect(submitting).rejects.toMatchObject({
      code: 'api.invalid_argument',
      class: 'fatal',
      data: { field: 'modules[0]', issues: [{ path: 'modules[0]' }, { path: 'platform' }] },
    });
    await expect(client.getRun({ runId: 'nosuch' })).rejects.toMatchObject({ code: 'api.unknown_run' });
  });

  it('a field of the input that no module of the task knows comes with its place and the nearest name', async () => {
    const { client, opened } = await served();
    const submitting = client.submitTask({ modules: ['shop'], account: 'a', platform: 'p', input: json({ pgaes: 2 }) });
    await expect(submitting).rejects.toMatchObject({
      code: 'api.invalid_argument',
      message: expect.stringMatching(/input\.pgaes is not a field of it; did you mean "pages"\? .*shop@1\.2\.0/),
    });
    expect(await opened.bench.store.listRuns({ limit: 1 })).toEqual([]);
  });

  it('a watcher that goes leaves nothing running', async () => {
    const { opened, client } = await served();
    const runId = await submitted(opened);
    const gone = new AbortController();
    const looks = vi.spyOn(opened.bench.coordinator, 'findRun');
    const stream = client.watchRun({ runId }, { signal: gone.signal })[Symbol.asyncIterator]();
    await stream.next();
    const next = stream.next();
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3));
    gone.abort();
    await expect(next).rejects.toThrow();
    await vi.waitFor(() => {
      const before = looks.mock.calls.length;
      return new Promise<void>((resolve, reject) => {
        setTimeout(() => (looks.mock.calls.length === before ? resolve() : reject(new Error('still looking'))), 20);
      });
    });
  });

  it.each(['watchRun', 'listItems'] as const)(
    '%s ends with a reason to call again when the server stops',
    async (method) => {
      const { opened, server, client } = await served();
      opened.bench.http.answer = () => ({ body: 'a' });
      const runId = await submitted(opened, { input: json({ pages: 1 }) });
      await drive(opened.bench, 2);
      await opened.api.pauseRun({ runId }, { signal: new AbortController().signal } as never);
      const stream: AsyncIterable<unknown> = client[method]({ runId, follow: true });
      const messages = stream[Symbol.asyncIterator]();
      await messages.next();
      const ending = expect(messages.next()).rejects.toMatchObject({ code: 'grpc.draining', class: 'retryable' });
      await server.stop();
      await ending;
    },
  );
});
