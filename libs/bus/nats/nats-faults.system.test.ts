/** What a broker may do to the chain: go away, come back without its data, lose streams, consumers and messages; and a kill. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type NatsServer, startNatsServer } from '../../../test/fixtures/servers/nats-server.ts';
import { holding, openBus, request } from './bus.fixture.ts';

const PATIENT = { timeout: 60_000, interval: 20 };

async function newServer(): Promise<{ server: NatsServer; manager: () => Promise<JetStreamManager> }> {
  const server = await startNatsServer();
  onTestFinished(() => server.stop());
  return {
    server,
    manager: async () => {
      const connection = await connect({ servers: server.url });
      onTestFinished(() => connection.close());
      return jetstreamManager(connection);
    },
  };
}

async function partsOf({ streams }: JetStreamManager): Promise<{ streams: number; consumers: number }> {
  const found = [];
  for await (const { state } of streams.list()) found.push(state.consumer_count);
  return { streams: found.length, consumers: found.reduce((sum, count) => sum + count, 0) };
}

/** Publishes until the bus takes it: what a publisher and the sweeper do together. */
async function send(publish: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await publish()).toBe(true), PATIENT);
}

it('goes on after a restart of the server, with what it kept', async () => {
  const { server } = await newServer();
  const { bus, notices } = await openBus(server.url);
  const hands = holding(bus, 1);
  await bus.publish(request('held'));
  await vi.waitFor(() => expect(hands.seen).toEqual(['held']));
  await bus.publish(request('kept'));
  await server.restart({ signal: 'SIGKILL' });
  await vi.waitFor(() => expect(notices.map(({ kind }) => kind)).toContain('reconnected'), PATIENT);
  hands.ack();
  await vi.waitFor(() => expect(hands.seen).toContain('kept'), PATIENT);
  await send(() => bus.publish(request('later')));
  hands.ack();
  await vi.waitFor(() => expect(hands.seen).toContain('later'), PATIENT);
  expect(notices.map(({ kind }) => kind)).not.toContain('restored');
});

it('makes everything again on a server that lost its data, and delivers what is notified then', async () => {
  const { server, manager } = await newServer();
  const { bus, notices } = await openBus(server.url);
  const hands = holding(bus, 2);
  await bus.publish(request('lost'));
  await vi.waitFor(() => expect(hands.seen).toEqual(['lost']));
  await server.restart({ keepData: false });
  // What a slow server made after its answer was given up is not told as made.
  await vi.waitFor(() => expect(notices.map(({ kind }) => kind)).toContain('restored'), PATIENT);
  expect(await partsOf(await manager())).toEqual({ streams: 13, consumers: 12 });
  hands.ack();
  await send(() => bus.publish(request('notified again')));
  await vi.waitFor(() => expect(hands.seen).toEqual(['lost', 'notified again']), PATIENT);
});

it('brings to another process what a killed one had in hand', async () => {
  const { server } = await newServer();
  const { bus, namespace } = await openBus(server.url, { ackWaitMs: 1_000 });
  const script = fileURLToPath(new URL('./subscriber.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [script, server.url, namespace], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  for (const id of ['a', 'b', 'c']) await bus.publish(request(id));
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await vi.waitFor(() => expect(printed.split('\n').filter(Boolean)).toHaveLength(2), PATIENT);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const hands = holding(bus, 3);
  await vi.waitFor(() => expect([...hands.seen].sort()).toEqual(['a', 'b', 'c']), PATIENT);
});

it('rejects a publish as retryable in bounded time while the server is away', async () => {
  const { server } = await newServer();
  const { bus, notices } = await openBus(server.url, { requestTimeoutMs: 300 });
  await server.halt();
  await vi.waitFor(() => expect(notices[0]?.kind).toBe('disconnected'), PATIENT);
  const startedAtMs = performance.now();
  await expect(bus.publish(request('n'))).rejects.toMatchObject({ code: 'bus.unavailable', class: 'retryable' });
  expect(performance.now() - startedAtMs, 'far less than for ever').toBeLessThan(20_000);
  expect(bus.depth('downloader')).toBe(0);
  await server.resume();
  await send(() => bus.publish(request('n')));
});

it('keeps what is published while the server is away for a moment, once', async () => {
  const { server } = await newServer();
  const { bus, notices } = await openBus(server.url);
  await server.halt('SIGKILL');
  await vi.waitFor(() => expect(notices[0]?.kind).toBe('disconnected'), PATIENT);
  const published = bus.publish(request('n'));
  await server.resume();
  expect(await published).toBe(true);
  const hands = holding(bus, 2);
  await vi.waitFor(() => expect(hands.seen).toEqual(['n']), PATIENT);
  await bus.publish(request('later'));
  await vi.waitFor(() => expect(hands.seen).toEqual(['n', 'later']), PATIENT);
});

it('may be closed while the server is away', async () => {
  const { server } = await newServer();
  const { bus, notices } = await openBus(server.url, { requestTimeoutMs: 300 });
  const hands = holding(bus, 1);
  await bus.publish(request('n'));
  await vi.waitFor(() => expect(hands.seen).toEqual(['n']));
  await server.halt();
  await vi.waitFor(() => expect(notices[0]?.kind).toBe('disconnected'), PATIENT);
  await bus.close();
  hands.ack();
  expect(await bus.publish(request('n'))).toBe(false);
});

it.each(['purged', 'consumer deleted', 'stream deleted'] as const)('goes on after a stream is %s', async (what) => {
  const { server, manager } = await newServer();
  const { bus, namespace, notices } = await openBus(server.url);
  const stream = `${namespace}_CHAIN_REQUEST`;
  const hands = holding(bus, 1);
  for (const id of ['held', 'waiting']) await bus.publish(request(id));
  await vi.waitFor(() => expect(hands.seen).toEqual(['held']));
  const { streams, consumers } = await manager();
  if (what === 'purged') await streams.purge(stream);
  else if (what === 'consumer deleted') await consumers.delete(stream, 'downloader');
  else await streams.delete(stream);
  hands.ack();
  await send(() => bus.publish(request('notified again')));
  await vi.waitFor(async () => {
    if (hands.inHand() > 0) hands.ack();
    expect(hands.seen).toContain('notified again');
  }, PATIENT);
  const restored = notices.filter(({ kind }) => kind === 'restored');
  expect(restored).toEqual(
    what === 'purged' ? [] : [{ kind: 'restored', streams: what === 'stream deleted' ? 1 : 0, consumers: 1 }],
  );
});

it('is told at once when the consumer that it waits at is deleted', async () => {
  const { server, manager } = await newServer();
  const { bus, namespace, notices } = await openBus(server.url);
  const hands = holding(bus, 1);
  const { consumers } = await manager();
  await vi.waitFor(async () => {
    expect((await consumers.info(`${namespace}_CHAIN_REQUEST`, 'downloader')).num_waiting).toBe(1);
  }, PATIENT);
  await consumers.delete(`${namespace}_CHAIN_REQUEST`, 'downloader');
  await vi.waitFor(() => expect(notices).toEqual([{ kind: 'restored', streams: 0, consumers: 1 }]));
  await bus.publish(request('n'));
  await vi.waitFor(() => expect(hands.seen).toEqual(['n']), PATIENT);
});

it('makes a stream that has lost its files anew, for it would refuse every message', async () => {
  const { server } = await newServer();
  const { bus, namespace, notices } = await openBus(server.url);
  const hands = holding(bus, 1);
  // A server that has just started opens the files of a stream with its first message.
  await server.restart();
  await vi.waitFor(() => expect(notices.map(({ kind }) => kind)).toContain('reconnected'), PATIENT);
  await server.removeFilesOf(`${namespace}_CHAIN_REQUEST`);
  expect(await Promise.all(['n', 'o', 'p'].map((id) => bus.publish(request(id))))).toEqual([true, true, true]);
  expect(notices).toContainEqual({ kind: 'restored', streams: 1, consumers: 1 });
  for (const count of [1, 2, 3]) {
    await vi.waitFor(() => expect(hands.seen).toHaveLength(count), PATIENT);
    hands.ack();
  }
  expect(hands.seen.toSorted()).toEqual(['n', 'o', 'p']);
});

it('keeps trying while something stands in the way of what it must make again, and says why', async () => {
  const { server, manager } = await newServer();
  const { bus, namespace, notices } = await openBus(server.url);
  holding(bus, 1);
  const { streams } = await manager();
  await streams.delete(`${namespace}_CHAIN_RESPONSE`);
  await streams.add({ name: 'SQUATTER', subjects: [`${namespace}.chain.response.>`] });
  await streams.delete(`${namespace}_CHAIN_REQUEST`);
  await vi.waitFor(() => {
    expect(notices).toContainEqual({
      kind: 'restore_failed',
      error: expect.objectContaining({ code: 'bus.stream_conflict' }),
    });
  }, PATIENT);
  await streams.delete('SQUATTER');
  await vi.waitFor(() => expect(notices.map(({ kind }) => kind)).toContain('restored'), PATIENT);
  await send(() => bus.publish(request('n')));
});
