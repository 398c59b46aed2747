import { jetstream } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { type NatsServer, startNatsServer } from '../../../test/fixtures/servers/nats-server.ts';
import { type ChainEvent, EVENTS, type EventType, eventId } from '../../contracts/events.ts';
import { openBus } from './bus.fixture.ts';
import type { NatsEvents, SubscribeEventsOptions } from './nats-events.ts';
import type { RefusedMessage } from './read-message.ts';

const PATIENT = { timeout: 60_000, interval: 20 };
let server: NatsServer;

beforeAll(async () => {
  server = await startNatsServer();
});

afterAll(async () => {
  await server?.stop();
});

function event(type: EventType, runId = 'r', data: Record<string, unknown> = {}): ChainEvent {
  const { version } = EVENTS[type];
  return { id: eventId(runId, 0, type), type, version, runId, moduleId: '', nodeId: '', epoch: 0, atMs: 1, data };
}

async function listen(events: NatsEvents, options: Partial<SubscribeEventsOptions> = {}) {
  const seen: ChainEvent[] = [];
  const refused: RefusedMessage[] = [];
  const errors: unknown[] = [];
  const subscription = await events.subscribe({
    onEvent: (received) => void seen.push(received),
    onRefused: (message) => refused.push(message),
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(() => subscription.stop());
  return { seen, refused, errors, subscription };
}

it('brings every event to every reader, whole and in order', async () => {
  const { bus, namespace } = await openBus(server.url);
  const other = await openBus(server.url, { namespace });
  const readers = [await listen(bus.events), await listen(other.bus.events)];
  const sent = [event('TaskAccepted'), event('PhaseClosed', 'r', { phase: 1, nested: ['é'] }), event('RunCompleted')];
  for (const each of sent) await bus.events.publish(each);
  for (const { seen } of readers) await vi.waitFor(() => expect(seen).toEqual(sent), PATIENT);
});

it('keeps an event once that is published twice', async () => {
  const { bus } = await openBus(server.url);
  for (const type of ['TaskAccepted', 'TaskAccepted', 'RunCompleted'] as const) await bus.events.publish(event(type));
  const { seen } = await listen(bus.events, { from: 'all' });
  await vi.waitFor(() => expect(seen.map(({ type }) => type)).toEqual(['TaskAccepted', 'RunCompleted']), PATIENT);
});

it.each([
  [['RunCompleted'], ['RunCompleted']],
  [
    ['RunCompleted', 'TaskAccepted'],
    ['TaskAccepted', 'RunCompleted'],
  ],
] as const)('brings those of the types %j only', async (types, expected) => {
  const { bus } = await openBus(server.url);
  for (const type of ['TaskAccepted', 'PhaseClosed', 'RunCompleted'] as const) await bus.events.publish(event(type));
  const { seen } = await listen(bus.events, { types, from: 'all' });
  await vi.waitFor(() => expect(seen.map(({ type }) => type)).toEqual(expected), PATIENT);
});

it('tells a reader of new events nothing of the old ones', async () => {
  const { bus } = await openBus(server.url);
  await bus.events.publish(event('TaskAccepted'));
  const { seen, subscription } = await listen(bus.events);
  await bus.events.publish(event('RunCompleted'));
  await vi.waitFor(() => expect(seen.map(({ type }) => type)).toEqual(['RunCompleted']), PATIENT);
  await Promise.all([subscription.stop(), subscription.stop()]);
});

it('drops the oldest when there are too many, and never refuses a new one', async () => {
  const { bus } = await openBus(server.url, { eventMaxBytes: 1_048_576 });
  const filler = 'x'.repeat(100_000);
  for (let n = 0; n < 20; n++) await bus.events.publish(event('PhaseClosed', `r${n}`, { filler }));
  const { seen } = await listen(bus.events, { from: 'all' });
  await vi.waitFor(() => expect(seen.at(-1)?.runId).toBe('r19'), PATIENT);
  expect(seen.length).toBeLessThan(15);
});

it('goes on after a reader threw, and tells of what is no event', async () => {
  const { bus, namespace } = await openBus(server.url);
  const got: string[] = [];
  const { refused, errors } = await listen(bus.events, {
    onEvent: async ({ type }) => {
      got.push(type);
      if (type === 'TaskAccepted') throw new Error('broken reader');
    },
  });
  const foreign = await connect({ servers: server.url });
  onTestFinished(() => foreign.close());
  const versioned = headers();
  versioned.set('Catena-Contract', '1');
  await bus.events.publish(event('TaskAccepted'));
  const bodies = ['', '{}', '{"type":"__proto__"}', 'null', JSON.stringify(event('PhaseClosed'))];
  for (const body of bodies) {
    await jetstream(foreign).publish(`${namespace}.chain.event.RunCompleted`, body, { headers: versioned });
  }
  await jetstream(foreign).publish(`${namespace}.chain.event.RunCompleted`, JSON.stringify(event('RunCompleted')));
  await bus.events.publish(event('RunCompleted'));
  await vi.waitFor(() => expect(got).toEqual(['TaskAccepted', 'RunCompleted']), PATIENT);
  expect(errors).toMatchObject([{ message: 'broken reader' }]);
  expect(refused.map(({ error }) => error.code)).toEqual([
    ...bodies.map(() => 'bus.malformed_event'),
    'bus.unknown_version',
  ]);
});

it('goes on after a restart of the server, and after its stream has vanished', async () => {
  const own = await startNatsServer();
  onTestFinished(() => own.stop());
  const { bus, notices } = await openBus(own.url);
  const { seen } = await listen(bus.events);
  await bus.events.publish(event('TaskAccepted'));
  await vi.waitFor(() => expect(seen).toHaveLength(1), PATIENT);
  await own.restart({ keepData: false });
  await vi.waitFor(() => expect(notices.map(({ kind }) => kind)).toContain('restored'), PATIENT);
  let n = 0;
  await vi.waitFor(async () => {
    n += 1;
    await bus.events.publish(event('RunCompleted', `r${n}`));
    expect(seen.at(-1)?.type).toBe('RunCompleted');
  }, PATIENT);
});
