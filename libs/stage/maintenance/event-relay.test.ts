import { describe, expect, it, vi } from 'vitest';
import type { ChainEvent } from '../../contracts/events.ts';
import { silentLog } from '../../telemetry/log.ts';
import { EventRelay, type OutboxEvent } from './event-relay.ts';
import { ShardPace } from './shard-pace.ts';

function event(id: string): ChainEvent {
  return {
    id,
    type: 'RunCompleted',
    version: 1,
    runId: 'r',
    moduleId: '',
    nodeId: '',
    epoch: 0,
    atMs: 1,
    data: {},
  };
}

/** An outbox of lists, one per shard. */
function outboxOf(shards: readonly (readonly string[])[]) {
  const held = shards.map((ids) => ids.map((id): OutboxEvent => ({ entry: `entry ${id}`, event: event(id) })));
  return {
    held,
    takeEvents: async ({ shard, limit }: { shard: number; limit: number }) => held[shard]!.slice(0, limit),
    trimEvents: async ({ shard, entries }: { shard: number; entries: readonly string[] }) => {
      held[shard] = held[shard]!.filter(({ entry }) => !entries.includes(entry));
    },
  };
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `e${index}`);

/** Looks at every shard in every round. */
const paceOf = (shards: number) =>
  new ShardPace({ shards, intervalMs: 1, idleMs: 1, monotonic: () => performance.now() });

describe('the relay of events', () => {
  it('publishes what stands in the outboxes and trims it, however much it is', async () => {
    const outbox = outboxOf([numbered(450), [], ['last']]);
    const published: string[] = [];
    const publish = async ({ id }: ChainEvent) => void published.push(id);
    const relay = new EventRelay({ outbox, publish, pace: paceOf(3), intervalMs: 1, log: silentLog });
    relay.start();
    relay.start();
    await vi.waitFor(() => expect(outbox.held).toEqual([[], [], []]));
    await relay.stop();
    expect([...published].sort()).toEqual([...numbered(450), 'last'].sort());
  });

  it('keeps what could not be published, and goes on with the other shards', async () => {
    const outbox = outboxOf([['stuck'], ['free']]);
    let isDown = true;
    const published: string[] = [];
    const publish = async ({ id }: ChainEvent) => {
      if (isDown && id === 'stuck') throw new Error('the bus is away');
      published.push(id);
    };
    const relay = new EventRelay({ outbox, publish, pace: paceOf(2), intervalMs: 1, log: silentLog });
    relay.start();
    await vi.waitFor(() => expect(published).toContain('free'));
    expect(outbox.held[0]).toHaveLength(1);
    isDown = false;
    await vi.waitFor(() => expect(outbox.held[0]).toEqual([]));
    await relay.stop();
    expect(published).toContain('stuck');
  });

  it('may be stopped twice, and without having been started', async () => {
    const takeEvents = vi.fn(async () => []);
    const outbox = { ...outboxOf([[]]), takeEvents };
    const relay = new EventRelay({ outbox, publish: async () => {}, pace: paceOf(1), intervalMs: 1, log: silentLog });
    await relay.stop();
    await relay.stop();
    relay.start();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(takeEvents).not.toHaveBeenCalled();
  });
});
