import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeBus } from '../../test/conformance/bus.ts';
import { decodeMessage } from '../contracts/chain.ts';
import type { Dispatched } from '../contracts/subjects.ts';
import { LocalFirstBus } from './local-first-bus.ts';
import { MemoryBus } from './memory-bus.ts';
import type { Delivery } from './port.ts';

describeBus('local-first', async (options) => new LocalFirstBus(new MemoryBus(options)));

function request(id: string): Dispatched {
  const { model } = decodeMessage('request', new Uint8Array());
  return { kind: 'request', model: { ...model, id } };
}

/** Two processes over one broker: `broker` is what both would reach, and takes what is sent by others. */
function open(slots: number) {
  const broker = new MemoryBus({ capacity: 1_000 });
  const bus = new LocalFirstBus(broker);
  onTestFinished(() => bus.close());
  const inHand: { id: string; delivery: Delivery<'downloader'>; end: () => void }[] = [];
  let most = 0;
  const subscription = bus.subscribe({
    stage: 'downloader',
    slots,
    receive: (delivery) =>
      new Promise<void>((resolve) => {
        const entry = { id: delivery.message.model.id, delivery, end: resolve };
        inHand.push(entry);
        most = Math.max(most, inHand.length);
      }),
  });
  const end = async (id: string, returnMs?: number): Promise<void> => {
    const at = inHand.findIndex((entry) => entry.id === id);
    const [entry] = inHand.splice(at, 1);
    if (returnMs === undefined) entry!.delivery.ack();
    else entry!.delivery.nak(returnMs);
    entry!.end();
    // The slot falls free within a few turns of the microtask queue.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { broker, bus, subscription, end, ids: () => inHand.map(({ id }) => id), most: () => most };
}

describe('LocalFirstBus', () => {
  it('hands a message over within the process while there is room, and to the broker otherwise', async () => {
    const { bus, broker, ids } = open(2);
    for (const id of ['a', 'b', 'c', 'd']) expect(await bus.publish(request(id))).toBe(true);
    expect(ids()).toEqual(['a', 'b']);
    expect([broker.depth('downloader'), bus.depth('downloader')]).toEqual([0, 2]);
    expect(bus.counts('downloader')).toEqual({ local: 4, remote: 0 });
    // The broker may fill one slot still, which 'e' will wait for here.
    for (const id of ['e', 'f']) await bus.publish(request(id));
    expect([broker.depth('downloader'), bus.depth('downloader')]).toEqual([1, 4]);
  });

  it('does not shut out what others send while its own messages fill its slots', async () => {
    const { bus, broker, ids, end } = open(1);
    await bus.publish(request('a'));
    await bus.publish(request('b'));
    await broker.publish(request('other'));
    await end('a');
    expect(ids()).toEqual(['other']);
    await end('other');
    expect(ids()).toEqual(['b']);
  });

  it('has the broker fill a slot that falls free, and counts it', async () => {
    const { bus, ids, end } = open(1);
    for (const id of ['a', 'b', 'c']) await bus.publish(request(id));
    await end('a');
    expect(ids()).toEqual(['c']);
    await end('c');
    expect(ids()).toEqual(['b']);
    expect(bus.counts('downloader')).toEqual({ local: 2, remote: 1 });
  });

  it('never has more in hand than there are slots, however both ways are mixed', async () => {
    const { bus, broker, ids, end, most } = open(3);
    const rounds = 200;
    for (let n = 0; n < rounds; n++) {
      await Promise.all([bus.publish(request(`local-${n}`)), broker.publish(request(`remote-${n}`))]);
      for (const id of ids().slice(0, n % 4)) await end(id);
    }
    for (let [id] = ids(); id !== undefined; [id] = ids()) await end(id);
    expect(bus.depth('downloader')).toBe(0);
    const { local, remote } = bus.counts('downloader');
    expect(most()).toBe(3);
    expect(local + remote).toBe(2 * rounds);
    expect(Math.min(local, remote)).toBeGreaterThan(0);
  });

  it('lets nothing pass a message of the broker that waits for a slot', async () => {
    const { bus, broker, ids, end } = open(1);
    await bus.publish(request('local'));
    await broker.publish(request('remote'));
    await end('local');
    await bus.publish(request('later'));
    expect(ids()).toEqual(['remote']);
    await end('remote');
    expect(ids()).toEqual(['later']);
  });

  it('gives a run’s first message to the broker, which remembers it', async () => {
    const broker = new MemoryBus({ capacity: 10 });
    const bus = new LocalFirstBus(broker);
    onTestFinished(() => bus.close());
    const received = Promise.withResolvers<void>();
    bus.subscribe({ stage: 'ingress', slots: 1, receive: async () => received.resolve() });
    await bus.publish(decodeMessage('task', new Uint8Array()));
    await received.promise;
    expect(bus.counts('ingress')).toEqual({ local: 0, remote: 1 });
  });

  it('sends on what was given back after the subscription ended', async () => {
    const { bus, broker, subscription, end } = open(1);
    await bus.publish({ ...request('a'), dispatch: 3 });
    const sent = vi.spyOn(broker, 'publish');
    const stopping = subscription.stop();
    await end('a', 5);
    await stopping;
    expect(bus.depth('downloader')).toBe(1);
    await vi.waitFor(() => expect(broker.depth('downloader')).toBe(1));
    expect(bus.depth('downloader')).toBe(1);
    // A broker may have seen that wake-up: under its old number it would drop the message as a copy.
    expect(sent).toHaveBeenCalledWith(expect.not.objectContaining({ dispatch: 3 }));
  });

  it('follows a change of the slots, both ways', async () => {
    const { bus, subscription, ids, end } = open(1);
    for (const id of ['a', 'b', 'c', 'd']) await bus.publish(request(id));
    subscription.resize(3);
    expect(ids().toSorted()).toEqual(['a', 'b', 'c']);
    subscription.resize(1);
    await end('a');
    await end('b');
    expect(ids()).toEqual(['c']);
    await end('c');
    expect(ids()).toEqual(['d']);
  });
});
