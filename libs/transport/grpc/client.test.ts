import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { aborted, rejection } from '../../../test/fixtures/grpc/probe.ts';
import { endServing, probeClient, serve } from '../../../test/fixtures/grpc/serving.ts';
import { currentTraceId, underTrace, withTracing } from '../../../test/fixtures/grpc/tracing.ts';
import { startServerProcess } from '../../../test/fixtures/servers/server-process.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { freePort } from '../../local-servers/free-port.ts';
import { currentDeadlineMs } from './deadlines.ts';

afterEach(endServing);

const PROBE_SERVER = join(import.meta.dirname, '../../../test/fixtures/grpc/probe-server.ts');

describe('a client', () => {
  it('calls every address in turn', async () => {
    const named = (text: string) => serve({ read: async () => ({ text }) });
    const servers = await Promise.all([named('a'), named('b'), named('c')]);
    const client = probeClient(servers.map(({ port }) => `127.0.0.1:${port}`).join(','), { waitForReady: true });
    const counts = new Map<string, number>();
    for (let call = 0; call < 60 || counts.size < 3; call += 1) {
      const { text } = await client.read({ text: '' });
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).toBeGreaterThan(10);
  });

  it('goes on with the other servers when one stops', async () => {
    const [one, two] = [await serve(), await serve()];
    const client = probeClient(`127.0.0.1:${one.port},127.0.0.1:${two.port}`);
    await client.read({ text: 'warm' });
    await one.stop();
    const calls = Array.from({ length: 20 }, (_, index) => client.read({ text: String(index) }));
    expect(await Promise.all(calls)).toHaveLength(20);
  });

  it('repeats a read whose server was not there, and never a write', async () => {
    const port = await freePort();
    const client = probeClient(port);
    expect(await rejection(client.write({ text: '' }))).toMatchObject({ code: 'grpc.unavailable', class: 'retryable' });
    let calls = 0;
    const failing = async () => {
      calls += 1;
      throw new CatenaError('store.busy', 'busy', { class: 'retryable' });
    };
    const server = await serve({ read: failing, write: failing });
    const other = probeClient(server.port);
    expect(await rejection(other.read({ text: '' }))).toMatchObject({ code: 'store.busy', class: 'retryable' });
    expect(calls).toBe(4);
    calls = 0;
    expect(await rejection(other.write({ text: '' }))).toMatchObject({ code: 'store.busy' });
    expect(calls).toBe(1);
  });

  it('waits for a server when it is told to, until the deadline or the signal', async () => {
    const port = await freePort();
    const waiting = probeClient(port, { waitForReady: true });
    expect(await rejection(waiting.read({ text: '' }, { timeoutMs: 50 }))).toMatchObject({
      code: 'grpc.deadline_exceeded',
    });
    const abort = new AbortController();
    const call = waiting.read({ text: '' }, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    const kept = waiting.write({ text: 'late' });
    await serve({}, { listen: `127.0.0.1:${port}` });
    await expect(kept).resolves.toEqual({ text: 'late' });
  });

  it('gets its stream’s end when the server is killed, and reconnects when it is back', async () => {
    const port = await freePort();
    const command = { name: 'probe server', command: process.execPath, args: [PROBE_SERVER, String(port)], port };
    const first = await startServerProcess(command);
    const client = probeClient(port);
    const error = await rejection(
      (async () => {
        for await (const _ of client.watch({ text: '' })) first.signal('SIGKILL');
      })(),
    );
    expect(error).toMatchObject({ code: 'grpc.unavailable', class: 'retryable' });
    await first.stop();
    const second = await startServerProcess(command);
    const patient = probeClient(port, { waitForReady: true });
    await expect(patient.write({ text: 'again' })).resolves.toEqual({ text: 'again' });
    await second.stop();
  });

  it('hands the deadline of the call that is served to the calls that this makes', async () => {
    const seen: number[] = [];
    const inner = await serve({
      async read(_, { signal }) {
        seen.push(currentDeadlineMs() - Date.now());
        await aborted(signal);
        throw signal.reason;
      },
    });
    const toInner = probeClient(inner.port);
    const outer = await serve({ write: (ask) => toInner.read(ask) });
    const error = await rejection(probeClient(outer.port).write({ text: '' }, { timeoutMs: 300 }));
    expect(error.code).toBe('grpc.deadline_exceeded');
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen[0]).toBeLessThanOrEqual(300);
    expect(currentDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('hands its trace to the handler, of streams too', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const server = await serve({
      read: async () => ({ text: currentTraceId() }),
      async *watch() {
        yield { text: currentTraceId() };
        yield { text: currentTraceId() };
      },
    });
    const client = probeClient(server.port);
    await withTracing(async () => {
      await underTrace(traceId, async () => {
        expect(await client.read({ text: '' })).toEqual({ text: traceId });
        const seen: string[] = [];
        for await (const { text } of client.watch({ text: '' })) seen.push(text);
        expect(seen).toEqual([traceId, traceId]);
      });
      expect(await client.read({ text: '' })).toEqual({ text: 'none' });
    });
  });
});
