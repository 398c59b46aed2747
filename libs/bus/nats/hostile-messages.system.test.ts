/** What others may put on the chain's subjects. Nothing of it reaches a handler, and nothing of it is lost without a record. */
import { jetstream } from '@nats-io/jetstream';
import { connect, headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type NatsServer, startNatsServer } from '../../../test/fixtures/servers/nats-server.ts';
import { encodeMessage, RECEIVER, type SubjectKind } from '../../contracts/chain.ts';
import { holding, openBus, request } from './bus.fixture.ts';

let server: NatsServer;
let foreign: NatsConnection;

beforeAll(async () => {
  server = await startNatsServer();
  foreign = await connect({ servers: server.url });
});

afterAll(async () => {
  await foreign?.close();
  await server?.stop();
});

const KINDS = Object.keys(RECEIVER) as SubjectKind[];
const PATIENT = { timeout: 60_000, interval: 20 };
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

function versioned(version: string | undefined, more: Record<string, string> = {}): MsgHdrs {
  const made = headers();
  if (version !== undefined) made.set('Catena-Contract', version);
  for (const [name, value] of Object.entries(more)) made.set(name, value);
  return made;
}

const HOSTILE: readonly (readonly [string, string, Uint8Array, MsgHdrs, string])[] = [
  ['nothing at all', 'm', new Uint8Array(), headers(), 'bus.unknown_version'],
  ['no version', 'm', encodeMessage(request('n')), headers(), 'bus.unknown_version'],
  ['a version to come', 'm', encodeMessage(request('n')), versioned('2'), 'bus.unknown_version'],
  ['an empty body', '-', new Uint8Array(), versioned('1'), 'bus.malformed_message'],
  ['text', 'm', text('{"hello":"world"}'), versioned('1'), 'contracts.undecodable'],
  ['endless varints', 'm', new Uint8Array(200).fill(255), versioned('1'), 'contracts.undecodable'],
  [
    'a length beyond the end',
    'm',
    Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x07),
    versioned('1'),
    'contracts.undecodable',
  ],
  ['deep groups', 'm', new Uint8Array(100_000).fill(0x0b), versioned('1'), 'contracts.undecodable'],
  [
    'a broken trace, and no message',
    '-',
    new Uint8Array(),
    versioned('1', { traceparent: 'x'.repeat(9_000) }),
    'bus.malformed_message',
  ],
  ['a subject of many parts', 'm.n.o', encodeMessage(request('n')), versioned('1'), 'bus.subject_mismatch'],
];

it.each(HOSTILE)('on every subject, %s is refused, recorded and gone', async (_, scope, body, sent, code) => {
  const { bus, namespace, refused } = await openBus(server.url);
  const hands = [...new Set(Object.values(RECEIVER))].map((stage) => holding(bus, 2, stage));
  const places = KINDS.flatMap((kind) => ['', 'high.', 'low.'].map((of) => `${namespace}.chain.${of}${kind}.${scope}`));
  for (const place of places) await jetstream(foreign).publish(place, body, { headers: sent });
  await vi.waitFor(() => expect(refused).toHaveLength(places.length), PATIENT);
  for (const message of refused) {
    expect(message.error).toMatchObject({ code: expect.stringMatching(code), class: 'fatal' });
    expect(message.error.remedy).toBeDefined();
    expect(Buffer.from(message.bytes).equals(body)).toBe(true);
  }
  expect(new Set(refused.map(({ subject }) => subject))).toEqual(new Set(places));
  const manager = await jetstream(foreign).jetstreamManager();
  await vi.waitFor(async () => {
    expect((await manager.streams.info(`${namespace}_CHAIN_TASK`)).state.messages).toBe(0);
    expect((await manager.streams.info(`${namespace}_CHAIN_REQUEST`)).state.messages).toBe(0);
  }, PATIENT);
  expect(hands.flatMap(({ seen }) => seen)).toEqual([]);
  // The stages are well.
  await bus.publish(request('sound'));
  await vi.waitFor(() => expect(hands.flatMap(({ seen }) => seen)).toEqual(['sound']), PATIENT);
});

it('a sound message on the subject of another kind or module is refused', async () => {
  const { bus, namespace, refused } = await openBus(server.url);
  const hands = [holding(bus, 2), holding(bus, 2, 'parser')];
  const body = encodeMessage(request('n'));
  for (const place of ['request.other', 'response.m']) {
    await jetstream(foreign).publish(`${namespace}.chain.${place}`, body, {
      headers: versioned('1', { 'Catena-Kind': 'request' }),
    });
  }
  await vi.waitFor(() => expect(refused).toHaveLength(2), PATIENT);
  expect(refused.map(({ error }) => error.code)).toEqual(['bus.subject_mismatch', 'bus.subject_mismatch']);
  expect(refused.map(({ error }) => error.message).sort()).toEqual([
    'a message on chain.request.other: its content belongs on chain.request.m',
    'a message on chain.response.m: its header names the kind "request"',
  ]);
  expect(hands.flatMap(({ seen }) => seen)).toEqual([]);
});

it('is not forgotten by the broker before its record stands', async () => {
  let attempts = 0;
  const { bus, namespace, notices } = await openBus(server.url, {
    onRefused: async () => {
      attempts += 1;
      if (attempts < 2) throw new Error('no place to record it');
    },
  });
  holding(bus, 1);
  await jetstream(foreign).publish(`${namespace}.chain.request.m`, text('?'), { headers: versioned('1') });
  await vi.waitFor(() => expect(attempts).toBe(2), PATIENT);
  expect(notices).toMatchObject([{ kind: 'delivery_failed', stage: 'downloader' }]);
  const manager = await jetstream(foreign).jetstreamManager();
  await vi.waitFor(async () => {
    expect((await manager.streams.info(`${namespace}_CHAIN_REQUEST`)).state.messages).toBe(0);
  }, PATIENT);
});

it('a message of a foreign deployment on the same server is not seen', async () => {
  const { bus, refused } = await openBus(server.url);
  const hands = holding(bus, 1);
  const other = await openBus(server.url);
  await other.bus.publish(request('theirs'));
  await bus.publish(request('ours'));
  await vi.waitFor(() => expect(hands.seen).toEqual(['ours']), PATIENT);
  expect(refused).toEqual([]);
});
