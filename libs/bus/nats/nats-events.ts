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
  /** Event types; default all. */
  readonly types?: readonly EventType[];
  /** `new`: only new events. `all`: also those that the stream still holds. Default `new`. */
  readonly from?: 'new' | 'all';
  /** Called for each event in order, one at a time, at least once each. */
  readonly onEvent: (event: ChainEvent) => void | Promise<void>;
  /** Called with messages on an event's subject that are not events. */
  readonly onRefused: (refused: RefusedMessage) => void;
  /** Called when a callback threw or the stream could not be read; the subscription continues. */
  readonly onError: (error: unknown) => void;
}

export interface EventSubscription {
  /** Stops; resolves when the current event has been handled. Idempotent. */
  stop(): Promise<void>;
}

/** The public event stream: events are kept for a while, and anybody can read them without consuming them. */
export class NatsEvents {
  readonly #parts: NatsEventsParts;

  constructor(parts: NatsEventsParts) {
    this.#parts = parts;
  }

  /** Resolves when the event is stored; a recent duplicate by id is dropped. Throws as a publish of the bus. */
  async publish(event: ChainEvent): Promise<void> {
    const body = new TextEncoder().encode(JSON.stringify(event));
    const result = await this.#parts.publishing.bytes({
      subject: eventSubject(event.type),
      kind: 'event',
      body,
      id: event.id,
    });
    if (result === 'full') {
      throw new CatenaError('bus.events_full', `the event stream has no room for event ${event.id}`, {
        class: 'retryable',
        remedy: 'raise nats.event_max_bytes',
      });
    }
  }

  /** Subscribes; the subscription survives restarts of the server. Throws `bus.unavailable` when it cannot begin. */
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
  taskId: z.string().optional(),
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
    const error = new CatenaError(
      'bus.malformed_event',
      `a message on ${subject} is not an event of that type (${detail})`,
      {
        cause: thrown,
        data: { subject },
        remedy: 'only events of this system belong on its subjects',
      },
    );
    return { refused: { subject, headers, bytes, error } };
  }
}
