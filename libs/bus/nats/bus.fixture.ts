/** A bus for a test, with a namespace of its own on the test's server. */
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { decodeMessage, type Message } from '../../contracts/chain.ts';
import { ExecutionContext, TaskRef } from '../../contracts/messages.ts';
import type { Dispatched } from '../../contracts/subjects.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Delivery, Receiver } from '../port.ts';
import type { NatsBus } from './nats-bus.ts';
import type { BusNotice } from './notice.ts';
import { type NatsBusOptions, openNatsBus } from './open-nats-bus.ts';
import type { RefusedMessage } from './read-message.ts';

const MOST_TRIES = 20;
const AGAIN_MS = 100;

let namespaces = 0;

export function newNamespace(): string {
  namespaces += 1;
  return `ns${namespaces}`;
}

export interface OpenedBus {
  readonly bus: NatsBus;
  readonly namespace: string;
  readonly notices: BusNotice[];
  readonly refused: RefusedMessage[];
}

export async function openBus(url: string, options: Partial<NatsBusOptions> = {}): Promise<OpenedBus> {
  const notices: BusNotice[] = [];
  const refused: RefusedMessage[] = [];
  const namespace = options.namespace ?? newNamespace();
  const bus = await openPatiently({
    url,
    namespace,
    capacity: 100,
    maxAckPending: 100,
    streamMaxBytes: 4_194_304,
    eventMaxBytes: 1_048_576,
    requestTimeoutMs: 2_000,
    onRefused: async (message) => {
      refused.push(message);
    },
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
  onTestFinished(() => bus.close());
  return { bus, namespace, notices, refused };
}

/** Tries again, as a service does at its start: a cluster that has yet to elect a leader does not answer in time. */
async function openPatiently(options: NatsBusOptions): Promise<NatsBus> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openNatsBus(options);
    } catch (error) {
      if (!(error instanceof CatenaError) || error.code !== 'bus.unavailable' || tries === MOST_TRIES) throw error;
      await delay(AGAIN_MS);
    }
  }
}

/** A valid request of module `m`, of a run of its own for each priority. */
export function request(id: string, body = new Uint8Array(), priority = 0): Dispatched<Message<'request'>> {
  const { model } = decodeMessage('request', new Uint8Array());
  return {
    kind: 'request',
    model: {
      ...model,
      id,
      runId: `r${priority}`,
      task: TaskRef.fromPartial({ taskId: 't', runId: `r${priority}`, priority }),
      context: ExecutionContext.fromPartial({ moduleId: 'm', epoch: 1 }),
      body: Buffer.from(body),
    },
  };
}

/** A subscriber that holds its deliveries until the test ends them. */
export function holding(bus: NatsBus, slots: number, stage: Receiver = 'downloader') {
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
    ack: (): void => {
      const { delivery, end } = inHand.shift()!;
      delivery.ack();
      end();
    },
  };
}
