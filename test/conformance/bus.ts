/** What a bus is. Every adapter passes this suite unchanged. It promises delivery, not order, and not only one delivery. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Bus, Delivery, Receiver, ResponseName } from '../../libs/bus/port.ts';
import { type ChainMessage, decodeMessage, type Message } from '../../libs/contracts/chain.ts';
import { ExecutionContext } from '../../libs/contracts/messages.ts';

export interface BusOptions {
  /** Messages that each stage's queue takes. */
  readonly capacity: number;
}

export type OpenBus = (options: BusOptions) => Promise<Bus>;

function request(id: string): Message<'request'> {
  const { model } = decodeMessage('request', new Uint8Array());
  return { kind: 'request', model: { ...model, id, runId: 'r', url: `http://shop.test/${id}` } };
}

/** One message of each kind, with the stage that takes it. */
const EVERY_KIND: readonly (readonly [ChainMessage['kind'], Receiver])[] = [
  ['task', 'ingress'],
  ['parser_task', 'ingress'],
  ['error_task', 'ingress'],
  ['request', 'downloader'],
  ['response', 'parser'],
  ['error', 'error-threshold'],
];

/** A subscriber that keeps what it is given until it is told to end it. */
function holding(bus: Bus, stage: Receiver, slots = 10) {
  const inHand: { delivery: Delivery<Receiver>; end: () => void }[] = [];
  const seen: string[] = [];
  const subscription = bus.subscribe({
    stage,
    slots,
    receive: (delivery) =>
      new Promise<void>((resolve) => {
        const { model } = delivery.message;
        seen.push('id' in model ? model.id : '');
        inHand.push({ delivery: delivery as Delivery<Receiver>, end: resolve });
      }),
  });
  return {
    seen,
    subscription,
    inHand: () => inHand.length,
    /** Acks the oldest delivery, or gives it back, and frees its slot. */
    settle: (returnMs?: number): void => {
      const { delivery, end } = inHand.shift()!;
      if (returnMs === undefined) delivery.ack();
      else delivery.nak(returnMs);
      end();
    },
  };
}

const sorted = (texts: readonly string[]) => [...texts].sort();

/** The response of module `m` to a request. */
function response(requestId: string): ChainMessage {
  const { model } = decodeMessage('response', new Uint8Array());
  const context = ExecutionContext.fromPartial({ moduleId: 'm' });
  return { kind: 'response', model: { ...model, requestId, runId: 'r', context } };
}

export function describeBus(name: string, openBus: OpenBus): void {
  const open = async (capacity = 100): Promise<Bus> => {
    const bus = await openBus({ capacity });
    onTestFinished(() => bus.close());
    return bus;
  };

  describe(`${name} bus`, () => {
    it.each(EVERY_KIND)('delivers a %s to %s, whole', async (kind, stage) => {
      const bus = await open();
      const message = kind === 'request' ? request('a') : decodeMessage(kind, new Uint8Array());
      const received = Promise.withResolvers<ChainMessage>();
      bus.subscribe({
        stage,
        slots: 1,
        receive: async (delivery) => {
          delivery.ack();
          received.resolve(delivery.message);
        },
      });
      expect(await bus.publish(message)).toBe(true);
      expect(await received.promise).toEqual(message);
    });

    it('keeps what comes before its subscriber', async () => {
      const bus = await open();
      for (const id of ['a', 'b', 'c']) await bus.publish(request(id));
      expect(bus.depth('downloader')).toBe(3);
      const { seen } = holding(bus, 'downloader');
      await vi.waitFor(() => expect(sorted(seen)).toEqual(['a', 'b', 'c']));
      expect(bus.depth('downloader')).toBe(0);
    });

    it('holds back while no slot is free', async () => {
      const bus = await open();
      const { seen, settle } = holding(bus, 'downloader', 2);
      for (const id of ['a', 'b', 'c', 'd']) await bus.publish(request(id));
      await vi.waitFor(() => expect(seen).toHaveLength(2));
      expect(bus.depth('downloader')).toBe(2);
      settle();
      await vi.waitFor(() => expect(seen).toHaveLength(3));
      settle();
      await vi.waitFor(() => expect(sorted(seen)).toEqual(['a', 'b', 'c', 'd']));
    });

    it('brings back what was given back, not before its delay, and lets others pass meanwhile', async () => {
      const bus = await open();
      const { seen, settle } = holding(bus, 'downloader', 1);
      await bus.publish(request('a'));
      await vi.waitFor(() => expect(seen).toEqual(['a']));
      const givenBackAtMs = performance.now();
      settle(60);
      expect(bus.depth('downloader')).toBe(1);
      await bus.publish(request('b'));
      await vi.waitFor(() => expect(seen).toEqual(['a', 'b']), { interval: 2 });
      settle();
      await vi.waitFor(() => expect(seen).toEqual(['a', 'b', 'a']), { interval: 2 });
      // Timers may fire a millisecond early.
      expect(performance.now() - givenBackAtMs).toBeGreaterThanOrEqual(59);
    });

    it('says when a queue is full, and takes more when there is room again', async () => {
      const bus = await open(2);
      expect([await bus.publish(request('a')), await bus.publish(request('b'))]).toEqual([true, true]);
      expect([bus.room('downloader'), await bus.publish(request('c'))]).toEqual([0, false]);
      expect(bus.room('parser')).toBe(2);
      const { seen } = holding(bus, 'downloader', 1);
      await vi.waitFor(() => expect(bus.room('downloader')).toBe(1));
      expect(await bus.publish(request('d'))).toBe(true);
      expect(seen).not.toContain('c');
    });

    it('knows one subscription per stage', async () => {
      const bus = await open();
      const { subscription } = holding(bus, 'downloader');
      expect(() => holding(bus, 'downloader')).toThrow(expect.objectContaining({ code: 'bus.subscribed_twice' }));
      holding(bus, 'parser');
      await subscription.stop();
      const { seen } = holding(bus, 'downloader');
      await bus.publish(request('a'));
      await vi.waitFor(() => expect(seen).toEqual(['a']));
    });

    it('stops a subscription when what is in hand has ended, and delivers nothing more to it', async () => {
      const bus = await open();
      const { seen, settle, subscription } = holding(bus, 'downloader');
      await bus.publish(request('a'));
      await vi.waitFor(() => expect(seen).toEqual(['a']));
      let stopped = false;
      const stopping = Promise.all([subscription.stop(), subscription.stop()]).then(() => {
        stopped = true;
      });
      await bus.publish(request('b'));
      expect(stopped).toBe(false);
      settle();
      await stopping;
      expect([seen, bus.depth('downloader')]).toEqual([['a'], 1]);
    });

    it('knows a response until it is acknowledged: while it waits, is handled, and is returned', async () => {
      const bus = await open();
      const [name, other] = ['a', 'b'].map((requestId) => ({ moduleId: 'm', requestId })) as [
        ResponseName,
        ResponseName,
      ];
      const has = () => bus.hasResponse(name);
      expect(await has()).toBe(false);
      await bus.publish(response('a'));
      expect([await has(), await bus.hasResponse(other)]).toEqual([true, false]);
      const { settle, inHand } = holding(bus, 'parser');
      await vi.waitFor(() => expect(inHand()).toBe(1));
      expect(await has()).toBe(true);
      settle(1);
      expect(await has()).toBe(true);
      await vi.waitFor(() => expect(inHand()).toBe(1));
      settle();
      await vi.waitFor(async () => expect(await has()).toBe(false));
    });

    it('may be closed twice, and takes nothing after that', async () => {
      const bus = await open();
      const { seen, settle } = holding(bus, 'downloader', 1);
      for (const id of ['a', 'b']) await bus.publish(request(id));
      await vi.waitFor(() => expect(seen).toEqual(['a']));
      await Promise.all([bus.close(), bus.close()]);
      settle(1);
      expect(await bus.publish(request('c'))).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(seen).toEqual(['a']);
    });
  });
}
