import { afterEach, describe, expect, it } from 'vitest';
import {
  codec,
  DispatcherDefinition,
  dispatcherService,
  type Execute,
} from '../../../../test/fixtures/grpc/dispatching.ts';
import { rejection } from '../../../../test/fixtures/grpc/probe.ts';
import { endServing, LIMIT_BYTES, serve } from '../../../../test/fixtures/grpc/serving.ts';
import { freePort } from '../../../local-servers/free-port.ts';
import { silentLog } from '../../../telemetry/log.ts';
import type { GrpcServer } from '../server.ts';
import { type DispatchStream, openDispatchStream } from './client.ts';
import { dispatchServers } from './servers.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  await endServing();
});

function start(slots: number, execute: Execute, port = 0, drainMs = 50): Promise<GrpcServer> {
  const services = [dispatcherService(slots, execute)];
  return serve({}, { services, listen: `127.0.0.1:${port}`, drainMs });
}

function dispatchTo(ports: readonly number[], attempts = 3): DispatchStream<number, string> {
  const target = ports.map((port) => `127.0.0.1:${port}`).join(',');
  const servers = dispatchServers(DispatcherDefinition, { target, deadlineMs: 1_000, maxMessageBytes: LIMIT_BYTES });
  const stream = openDispatchStream({
    codec,
    resolve: servers.resolve,
    connect: (server, requests, signal) => servers.calls(server).work(requests, { signal }),
    log: silentLog,
    attempts,
    reconnectMs: 10,
    maxReconnectMs: 100,
  });
  ends.push(async () => {
    await stream.stop();
    servers.close();
  });
  return stream;
}

const never: Execute = () => new Promise(() => {});

describe('dispatching', () => {
  it('brings every answer to its request, many at a time', async () => {
    const { port } = await start(8, async (request) => `did ${request}`);
    const stream = dispatchTo([port]);
    const requests = Array.from({ length: 2_000 }, (_, index) => index);
    expect(await Promise.all(requests.map((request) => stream.dispatch(request)))).toEqual(
      requests.map((request) => `did ${request}`),
    );
    expect(stream.pending).toBe(0);
  });

  it('rejects with what the server says, and with the signal’s reason', async () => {
    const { port } = await start(2, never);
    const { port: failing } = await start(2, () => Promise.reject(Object.assign(new Error('no'))));
    expect(await rejection(dispatchTo([failing]).dispatch(1))).toMatchObject({ code: 'dispatch.failed' });
    const abort = new AbortController();
    const stream = dispatchTo([port]);
    const call = stream.dispatch(1, abort.signal);
    await expect.poll(() => stream.servers).toHaveLength(1);
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });

  it('spreads over all servers', async () => {
    const counts = [0, 0, 0];
    const servers = await Promise.all(
      counts.map((_, index) =>
        start(4, async () => {
          counts[index]! += 1;
          return '';
        }),
      ),
    );
    const stream = dispatchTo(servers.map(({ port }) => port));
    await expect.poll(() => stream.servers).toHaveLength(3);
    await Promise.all(Array.from({ length: 300 }, (_, index) => stream.dispatch(index)));
    for (const count of counts) expect(count).toBeGreaterThan(30);
  });

  it('loses nothing when a server stops and starts while others go on', async () => {
    const port = await freePort();
    let seen = 0;
    const execute: Execute = async (request) => {
      seen += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return `did ${request}`;
    };
    const first = await start(4, execute, port);
    const other = await start(4, execute);
    const stream = dispatchTo([port, other.port], 100);
    const requests = Array.from({ length: 3_000 }, (_, index) => index);
    const answers = Promise.all(requests.map((request) => stream.dispatch(request)));
    await expect.poll(() => seen).toBeGreaterThan(50);
    await first.stop();
    const second = await start(4, execute, port);
    await expect.poll(() => stream.servers).toContain(`127.0.0.1:${second.port}`);
    expect(await answers).toEqual(requests.map((request) => `did ${request}`));
  });

  it('sends again what a cut-off server owed, and gives up when attempts are used up', async () => {
    const port = await freePort();
    const stuck = await start(1, never, port);
    const stream = dispatchTo([port], 2);
    const lucky = stream.dispatch(1);
    await expect.poll(() => stream.servers).toHaveLength(1);
    await stuck.stop();
    const working = await start(1, async () => 'done', port);
    await expect(lucky).resolves.toBe('done');
    await working.stop();

    const stuckAgain = await start(1, never, port);
    await expect.poll(() => stream.servers).toHaveLength(1);
    const unlucky = rejection(stream.dispatch(2));
    await stuckAgain.stop();
    const third = await start(1, never, port);
    await expect.poll(() => stream.servers).toHaveLength(1);
    await third.stop();
    expect(await unlucky).toMatchObject({ code: 'dispatch.stream_broken', class: 'retryable' });
  });

  it('waits for a server that comes late', async () => {
    const port = await freePort();
    const stream = dispatchTo([port]);
    const answer = stream.dispatch(1);
    await start(1, async () => 'at last', port);
    await expect(answer).resolves.toBe('at last');
  });

  it('rejects what is left when it stops; twice is once', async () => {
    const { port } = await start(1, never);
    const stream = dispatchTo([port]);
    const calls = [stream.dispatch(1), stream.dispatch(2)].map((call) => rejection(call));
    await expect.poll(() => stream.servers).toHaveLength(1);
    await Promise.all([stream.stop(), stream.stop()]);
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: 'dispatch.stopped', class: 'retryable' });
    }
    expect(await rejection(stream.dispatch(3))).toMatchObject({ code: 'dispatch.stopped' });
  });
});
