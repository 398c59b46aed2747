import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type NatsServer, startNatsServer } from '../../../test/fixtures/servers/nats-server.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { activeTraceId, inSpan } from '../../telemetry/spans.ts';
import { runTraceIds } from '../../telemetry/trace-ids.ts';
import { startTracing } from '../../telemetry/tracing.ts';
import { holding, openBus, request } from './bus.fixture.ts';

let server: NatsServer;
let admin: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  server = await startNatsServer();
  admin = await connect({ servers: server.url });
  manager = await jetstreamManager(admin);
});

afterAll(async () => {
  await admin?.close();
  await server?.stop();
});

const pendingOf = async (namespace: string) =>
  (await manager.consumers.info(`${namespace}_CHAIN_REQUEST`, 'downloader')).num_pending;

describe('publishing', () => {
  it('drops a wake-up that is sent twice, and takes the next wake-up and the next epoch of the same node', async () => {
    const { bus, namespace } = await openBus(server.url);
    const again = {
      ...request('n'),
      model: { ...request('n').model, context: { ...request('n').model.context!, epoch: 2 } },
    };
    for (const message of [
      { ...request('n'), dispatch: 0 },
      { ...request('n'), dispatch: 0 },
      { ...request('n'), dispatch: 1 },
      { ...again, dispatch: 0 },
    ]) {
      expect(await bus.publish(message)).toBe(true);
    }
    expect([await pendingOf(namespace), bus.depth('downloader')]).toEqual([3, 3]);
  });

  it('sends a message without a count every time', async () => {
    const { bus, namespace } = await openBus(server.url);
    for (let n = 0; n < 3; n++) await bus.publish(request('n'));
    expect(await pendingOf(namespace)).toBe(3);
  });

  it('says that a stream holds as many bytes as it may', async () => {
    const { bus } = await openBus(server.url, { streamMaxBytes: 1_048_576 });
    const large = new Uint8Array(400_000);
    const answers: boolean[] = [];
    for (let n = 0; n < 4; n++) answers.push(await bus.publish(request(`n${n}`, large)));
    expect(answers).toEqual([true, true, false, false]);
    expect(bus.depth('downloader')).toBe(2);
  });

  it('holds the capacity over several senders, and the stream its own limit when their estimates are late', async () => {
    const one = await openBus(server.url, { capacity: 5, maxAckPending: 3 });
    const two = await openBus(server.url, { capacity: 5, maxAckPending: 3, namespace: one.namespace });
    for (let n = 0; n < 10; n++) {
      await Promise.all([one.bus.publish(request(`a${n}`)), two.bus.publish(request(`b${n}`))]);
    }
    const pending = await pendingOf(one.namespace);
    expect(pending).toBeGreaterThanOrEqual(5);
    expect(pending).toBeLessThanOrEqual(8);
    await vi.waitFor(() => expect([one.bus.room('downloader'), two.bus.room('downloader')]).toEqual([0, 0]));
  });

  it('refuses a message larger than the server takes before it is sent', async () => {
    const { bus, namespace } = await openBus(server.url);
    await expect(bus.publish(request('n', new Uint8Array(1_048_576)))).rejects.toMatchObject({
      code: 'bus.message_too_large',
      class: 'fatal',
      data: { maxBytes: 1_048_576 },
    });
    const almost = 1_048_576 - 500;
    expect(await bus.publish(request('n', new Uint8Array(almost)))).toBe(true);
    expect([await pendingOf(namespace), bus.depth('downloader')]).toEqual([1, 1]);
  });
});

/** The server takes acknowledgements a moment later than the requests that follow them: more than `limit` must not last. */
async function unacknowledgedAtMost(limit: number, namespace: string): Promise<number> {
  return vi.waitFor(async () => {
    const { num_ack_pending: found } = await manager.consumers.info(`${namespace}_CHAIN_REQUEST`, 'downloader');
    expect(found).toBeLessThanOrEqual(limit);
    return found;
  });
}

describe('subscribing', () => {
  it('has never more from the server than it has free slots, over several processes', async () => {
    const one = await openBus(server.url);
    const two = await openBus(server.url, { namespace: one.namespace });
    const [first, second] = [holding(one.bus, 3), holding(two.bus, 4)];
    for (let n = 0; n < 40; n++) await one.bus.publish(request(`n${n}`));
    let most = 0;
    while (first.seen.length + second.seen.length < 40) {
      await vi.waitFor(() => expect(first.inHand() + second.inHand()).toBeGreaterThan(0), { interval: 1 });
      most = Math.max(most, await unacknowledgedAtMost(7, one.namespace));
      for (const hands of [first, second]) if (hands.inHand() > 0) hands.ack();
    }
    expect(most).toBe(7);
    expect(new Set([...first.seen, ...second.seen]).size).toBe(40);
  });

  it('follows a change of its slots', async () => {
    const { bus } = await openBus(server.url);
    const hands = holding(bus, 1);
    for (let n = 0; n < 6; n++) await bus.publish(request(`n${n}`));
    await vi.waitFor(() => expect(hands.seen).toHaveLength(1));
    hands.subscription.resize(4);
    await vi.waitFor(() => expect(hands.seen).toHaveLength(4));
    hands.subscription.resize(1);
    for (let n = 0; n < 3; n++) hands.ack();
    await bus.events.publish(EVENT);
    expect(hands.seen).toHaveLength(4);
    hands.ack();
    await vi.waitFor(() => expect(hands.seen).toHaveLength(5));
  });

  it('keeps a delivery in hand longer than the acknowledgement wait', async () => {
    const { bus } = await openBus(server.url, { ackWaitMs: 300 });
    const hands = holding(bus, 2);
    await bus.publish(request('slow'));
    const startedAtMs = performance.now();
    await vi.waitFor(() => expect(performance.now() - startedAtMs).toBeGreaterThan(1_200), { timeout: 60_000 });
    expect(hands.seen).toEqual(['slow']);
  });

  it('brings to another process what one held that is gone without a word', async () => {
    const dying = await openBus(server.url, { ackWaitMs: 500 });
    const held = holding(dying.bus, 1);
    await dying.bus.publish(request('n'));
    await vi.waitFor(() => expect(held.seen).toEqual(['n']));
    const living = await openBus(server.url, { ackWaitMs: 500, namespace: dying.namespace });
    const taken = holding(living.bus, 1);
    await dying.bus.close();
    await vi.waitFor(() => expect(taken.seen).toEqual(['n']), { timeout: 60_000 });
    // The late word of the dead is harmless.
    held.ack();
    taken.ack();
  });

  it('gives a message back whose receiver threw, and says so', async () => {
    const { bus, notices } = await openBus(server.url);
    let deliveries = 0;
    bus.subscribe({
      stage: 'downloader',
      slots: 1,
      receive: async (delivery) => {
        deliveries += 1;
        if (deliveries === 1) throw new Error('broken');
        delivery.ack();
      },
    });
    await bus.publish(request('n'));
    await vi.waitFor(() => expect(deliveries).toBe(2), { timeout: 60_000 });
    expect(notices).toMatchObject([{ kind: 'delivery_failed', stage: 'downloader', error: { message: 'broken' } }]);
  });
});

const EVENT = {
  id: 'r:0:RunCompleted',
  type: 'RunCompleted',
  version: 1,
  runId: 'r',
  moduleId: '',
  nodeId: '',
  epoch: 0,
  atMs: 1,
  data: {},
} as const;

it('a trace goes on in the receiver', async () => {
  const tracing = await startTracing({
    endpoint: 'http://127.0.0.1:1',
    resource: { 'service.name': 'test' },
    sampleRatio: 0,
    log: silentLog,
    metrics: new Metrics(),
  });
  onTestFinished(() => tracing.stop());
  const { bus } = await openBus(server.url);
  const received = Promise.withResolvers<string | undefined>();
  bus.subscribe({
    stage: 'downloader',
    slots: 1,
    receive: async (delivery) => {
      delivery.ack();
      received.resolve(activeTraceId());
    },
  });
  const span = { name: 'parse shop/page', runId: 'run-1', fields: {}, cause: 'consumer' } as const;
  await inSpan(span, () => bus.publish(request('n')));
  expect(await received.promise).toBe(runTraceIds('run-1').traceId);
});

it('what the server forbids is told, though nobody waits for the answer', async () => {
  const own = await startNatsServer({
    config: `authorization { users: [{
      user: a, password: p, permissions: { publish: { deny: ["$JS.API.CONSUMER.MSG.NEXT.>"] } }
    }] }`,
  });
  onTestFinished(() => own.stop());
  const { bus, notices } = await openBus(own.url.replace('nats://', 'nats://a:p@'));
  holding(bus, 1);
  // One request of each class.
  const refused = { kind: 'server_error' };
  await vi.waitFor(() => expect(notices).toMatchObject([refused, refused, refused]));
});

describe('the topology', () => {
  it('is shared by processes, and changed to what the last one says', async () => {
    const { namespace } = await openBus(server.url, { capacity: 5, maxAckPending: 5, ackWaitMs: 1_000 });
    await openBus(server.url, { namespace, capacity: 7, maxAckPending: 6, ackWaitMs: 2_000 });
    const { config } = await manager.streams.info(`${namespace}_CHAIN_TASK`);
    expect(config).toMatchObject({
      retention: 'workqueue',
      discard: 'new',
      storage: 'file',
      max_msgs: 13,
      max_bytes: 4_194_304,
      duplicate_window: 10_000_000_000,
      subjects: ['task', 'parser_task', 'error_task'].map((kind) => `${namespace}.chain.${kind}.>`),
    });
    const consumer = (await manager.consumers.info(`${namespace}_CHAIN_TASK`, 'ingress')).config;
    expect(consumer).toMatchObject({
      ack_policy: 'explicit',
      max_deliver: -1,
      ack_wait: 2_000_000_000,
      max_ack_pending: 6,
    });
  });

  it.each([
    ['a stream of another nature', 'n', 'bus.stream_conflict', { name: 'n_CHAIN_TASK', subjects: ['else.>'] }],
    ['a stream that holds its subjects', 'o', 'bus.stream_conflict', { name: 'OTHER', subjects: ['o.chain.>'] }],
  ] as const)('refuses to take the place of %s', async (_, namespace, code, { name, subjects }) => {
    await manager.streams.add({ name, subjects: [...subjects] });
    onTestFinished(async () => void (await manager.streams.delete(name)));
    const opening = openBus(server.url, { namespace });
    await expect(opening).rejects.toMatchObject({ code, remedy: expect.stringContaining('remove') });
  });

  it('refuses a work queue that another consumer takes from, and a consumer of another nature', async () => {
    const { namespace } = await openBus(server.url);
    const stream = `${namespace}_CHAIN_ERROR`;
    const replace = async (durable: string) => {
      for await (const { name } of manager.consumers.list(stream)) await manager.consumers.delete(stream, name);
      await manager.consumers.add(stream, { durable_name: durable, ack_policy: 'explicit', max_waiting: 3 });
    };
    for (const durable of ['foreign', 'error-threshold']) {
      await replace(durable);
      await expect(openBus(server.url, { namespace })).rejects.toMatchObject({ code: 'bus.consumer_conflict' });
    }
  });
});
