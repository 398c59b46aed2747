/** Classes of runs over JetStream: each has queues of its own, and a stage takes turns between them by their weights. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type NatsServer, startNatsServer } from '../../../test/fixtures/servers/nats-server.ts';
import { decodeMessage, encodeMessage } from '../../contracts/chain.ts';
import { ExecutionContext, TaskRef } from '../../contracts/messages.ts';
import { holding, openBus, request } from './bus.fixture.ts';

let server: NatsServer;
let admin: NatsConnection;

beforeAll(async () => {
  server = await startNatsServer();
  admin = await connect({ servers: server.url });
});

afterAll(async () => {
  await admin?.close();
  await server?.stop();
});

const PATIENT = { timeout: 20_000, interval: 1 };
const [HIGH, NORMAL, LOW] = [5, 0, -5];

it('a stage takes what is urgent before what waited longer, and of the lowest class too', async () => {
  const { bus } = await openBus(server.url, { capacity: 1_000 });
  for (let n = 0; n < 200; n++) await bus.publish(request(`low ${n}`, undefined, LOW));
  for (let n = 0; n < 200; n++) await bus.publish(request(`normal ${n}`, undefined, NORMAL));
  for (let n = 0; n < 200; n++) await bus.publish(request(`high ${n}`, undefined, HIGH));
  const hands = holding(bus, 4);
  while (hands.seen.length < 200) {
    await vi.waitFor(() => expect(hands.inHand()).toBe(4), PATIENT);
    hands.ack();
  }
  const count = (name: string) => hands.seen.slice(0, 200).filter((id) => id.startsWith(name)).length;
  // By their weights 152, 38 and 10; first come, first served would be 0, 0 and 200.
  expect(count('high')).toBeGreaterThan(100);
  expect(count('normal')).toBeGreaterThan(count('low'));
  expect(count('low')).toBeGreaterThan(3);
});

it('two processes share the messages of every class, and each message is handled once', async () => {
  const one = await openBus(server.url);
  const two = await openBus(server.url, { namespace: one.namespace });
  const hands = [holding(one.bus, 3), holding(two.bus, 4)] as const;
  for (let n = 0; n < 60; n++) await one.bus.publish(request(`n${n}`, undefined, [HIGH, NORMAL, LOW][n % 3]));
  const seen = () => hands.flatMap((each) => each.seen);
  while (new Set(seen()).size < 60) {
    await vi.waitFor(() => expect(hands[0].inHand() + hands[1].inHand()).toBeGreaterThan(0), PATIENT);
    for (const each of hands) if (each.inHand() > 0) each.ack();
  }
  expect([...seen()].sort()).toEqual([...new Set(seen())].sort());
  for (const each of hands) expect(each.seen.length).toBeGreaterThan(0);
});

it('what waits here without a slot goes to a process that has one', async () => {
  const busy = await openBus(server.url);
  const held = holding(busy.bus, 1);
  for (let n = 0; n < 3; n++) await busy.bus.publish(request(`low ${n}`, undefined, LOW));
  await vi.waitFor(() => expect(held.seen).toHaveLength(1), PATIENT);
  await busy.bus.publish(request('high', undefined, HIGH));
  const free = await openBus(server.url, { namespace: busy.namespace });
  const taken = holding(free.bus, 4);
  await vi.waitFor(() => expect([...taken.seen].sort()).toEqual(['high', 'low 1', 'low 2']), PATIENT);
  expect(held.seen).toEqual(['low 0']);
});

it('a flood of one class takes no room of the others', async () => {
  const { bus } = await openBus(server.url, { capacity: 3, maxAckPending: 1 });
  for (let n = 0; n < 3; n++) expect(await bus.publish(request(`low ${n}`, undefined, LOW))).toBe(true);
  expect(await bus.publish(request('one too many', undefined, LOW))).toBe(false);
  expect([bus.room('downloader', 'low'), bus.room('downloader', 'high'), bus.room('downloader')]).toEqual([0, 3, 0]);
  expect(await bus.publish(request('urgent', undefined, HIGH))).toBe(true);
  expect(bus.depth('downloader')).toBe(4);
});

it('a response is found while it waits, whatever the class of its run', async () => {
  const { bus } = await openBus(server.url);
  for (const priority of [HIGH, NORMAL, LOW]) {
    const { model } = decodeMessage('response', new Uint8Array());
    const task = TaskRef.fromPartial({ taskId: 't', runId: 'r', priority });
    const context = ExecutionContext.fromPartial({ moduleId: 'm', epoch: 1 });
    const name = { moduleId: 'm', requestId: `of ${priority}` };
    expect(await bus.hasResponse(name)).toBe(false);
    await bus.publish({ kind: 'response', model: { ...model, requestId: name.requestId, task, context } });
    expect(await bus.hasResponse(name)).toBe(true);
  }
});

it('messages of an earlier release, which knew no classes, are delivered', async () => {
  const { bus, namespace, refused } = await openBus(server.url);
  const hands = holding(bus, 2);
  const sent = headers();
  sent.set('Catena-Contract', '1');
  const urgent = encodeMessage(request('urgent', undefined, HIGH));
  await jetstream(admin).publish(`${namespace}.chain.request.m`, urgent, { headers: sent });
  await vi.waitFor(() => expect(hands.seen).toEqual(['urgent']), PATIENT);
  expect(refused).toEqual([]);
});

it('the stream of the normal class is as large as it was in releases without classes: a smaller one would lose messages', async () => {
  const { namespace } = await openBus(server.url, { streamMaxBytes: 8_388_608 });
  const manager = await jetstreamManager(admin);
  const bytesOf = async (name: string) => (await manager.streams.info(`${namespace}_${name}`)).config.max_bytes;
  expect([
    await bytesOf('CHAIN_REQUEST'),
    await bytesOf('CHAIN_REQUEST_HIGH'),
    await bytesOf('CHAIN_REQUEST_LOW'),
  ]).toEqual([8_388_608, 2_097_152, 2_097_152]);
});
