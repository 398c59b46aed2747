import type { JetStreamManager, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { type ChainEvent, type EventType, isEventType } from '../../contracts/events.ts';
import { EVENT_STREAM, eventSubject, type Namespace } from '../../contracts/subjects.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { EventFollower } from './event-follower.ts';
import { checkVersion, headersAsRecord } from './message-headers.ts';
import { toBusError } from './nats-error.ts';
import type { Publishing } from './publishing.ts';
import type { RefusedMessage } from './read-message.ts';

export interface NatsEventsParts {
  readonly connection: NatsConnection;
  readonly namespace: Namespace;
  readonly publishing: Publishing;
  readonly manager: JetStreamManager;
}

export interface SubscribeEventsOptions {
  /** Default all. */
  readonly types?: readonly EventType[];
  /** `new`: what comes from now on. `all`: what the stream still holds, too. Default `new`. */
  readonly from?: 'new' | 'all';
  /** Called for one event after the other, in their order; at least once each. */
  readonly onEvent: (event: ChainEvent) => void | Promise<void>;
  /** Told of what is on an event's subject and is no event. */
  readonly onRefused: (refused: RefusedMessage) => void;
  /** Told when a callback threw, or the stream could not be read; the subscription goes on. */
  readonly onError: (error: unknown) => void;
}

export interface EventSubscription {
  /** No further events; resolves when the one in hand has been handled. Idempotent. */
  stop(): Promise<void>;
}

/** The public record of what happened: kept for a while, read by anybody, consumed by nobody. */
export class NatsEvents {
  readonly #parts: NatsEventsParts;

  constructor(parts: NatsEventsParts) {
    this.#parts = parts;
  }

  /** Resolves when the event is kept; one whose id was kept a moment ago is dropped. Throws like a publish of the bus. */
  async publish(event: ChainEvent): Promise<void> {
    const body = new TextEncoder().encode(JSON.stringify(event));
    const result = await this.#parts.publishing.bytes({
      subject: eventSubject(event.type),
      kind: 'event',
      body,
      id: event.id,
    });
    if (result === 'full') {
      throw new CatenaError('bus.events_full', `event ${event.id} found no room in the event stream`, {
        class: 'retryable',
        remedy: 'raise nats.event_max_bytes',
      });
    }
  }

  /** Survives restarts of the server. Throws `bus.unavailable` when it cannot begin. */
  async subscribe(options: SubscribeEventsOptions): Promise<EventSubscription> {
    const { connection, namespace, manager } = this.#parts;
    const wanted = new Set(options.types);
    const [only] = wanted;
    const follower = new EventFollower({
      connection,
      manager,
      stream: namespace.stream(EVENT_STREAM.name),
      filter: only !== undefined && wanted.size === 1 ? namespace.subject(eventSubject(only)) : undefined,
      onMessage: (message) => handOver(readEvent(message, namespace), wanted, options),
      onError: options.onError,
    });
    try {
      await follower.start(options.from ?? 'new');
    } catch (thrown) {
      throw toBusError(thrown, 'subscribing to events');
    }
    return { stop: () => follower.stop() };
  }
}

type ReadEvent = { readonly event: ChainEvent } | { readonly refused: RefusedMessage };

async function handOver(read: ReadEvent, wanted: ReadonlySet<EventType>, options: SubscribeEventsOptions) {
  try {
    if ('refused' in read) options.onRefused(read.refused);
    else if (wanted.size === 0 || wanted.has(read.event.type)) await options.onEvent(read.event);
  } catch (thrown) {
    options.onError(thrown);
  }
}

const EVENT = z.object({
  id: z.string().min(1),
  type: z.string().refine(isEventType),
  version: z.int().min(1),
  runId: z.string(),
  moduleId: z.string(),
  nodeId: z.string(),
  epoch: z.int(),
  atMs: z.number(),
  data: z.record(z.string(), z.unknown()),
});

function readEvent(message: JsMsg, namespace: Namespace): ReadEvent {
  const { subject, data: bytes } = message;
  const headers = headersAsRecord(message.headers);
  try {
    checkVersion(headers);
    const event = EVENT.parse(message.json()) as ChainEvent;
    if (namespace.subject(eventSubject(event.type)) !== subject) throw new Error(`it is a ${event.type}`);
    return { event };
  } catch (thrown) {
    if (thrown instanceof CatenaError) return { refused: { subject, headers, bytes, error: thrown } };
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    const error = new CatenaError('bus.malformed_event', `what came on ${subject} is no such event (${detail})`, {
      cause: thrown,
      data: { subject },
      remedy: 'only events of this system belong on its subjects',
    });
    return { refused: { subject, headers, bytes, error } };
  }
}
