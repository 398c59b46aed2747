/** The configuration of the streams and consumers; pure, without a server. */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { PriorityClass } from '../../contracts/priority.ts';
import { EVENT_STREAM, type Namespace, STREAMS } from '../../contracts/subjects.ts';
import type { Receiver } from '../port.ts';

export interface TopologyOptions {
  /** Messages of each class that may wait for each stage. */
  readonly capacity: number;
  /** Running and returned deliveries of a stage and class, over all processes. */
  readonly maxAckPending: number;
  /** Largest size of each stage's stream for the normal class, in bytes; those of the other classes have a quarter. */
  readonly streamMaxBytes: number;
  /** A delivery without a sign of life for this long is repeated. */
  readonly ackWaitMs: number;
  readonly replicas: number;
  readonly eventMaxAgeMs: number;
  readonly eventMaxBytes: number;
}

export type WantedStream = Pick<StreamConfig, 'name' | 'subjects' | 'retention' | 'storage'> & Partial<StreamConfig>;
export type WantedConsumer = Partial<ConsumerConfig> & { readonly durable_name: string };

export interface WantedPart {
  readonly stream: WantedStream;
  readonly consumer?: WantedConsumer;
}

/** The stream and consumer of a stage and a class. */
export interface StagePlace {
  readonly stream: string;
  readonly consumer: string;
  readonly priorityClass: PriorityClass;
}

/**
 * How long a broker remembers message ids. It covers repeated sends after a lost answer. The server keeps all ids of that time in
 * memory, so it is short; a second wake-up is harmless.
 */
const DUPLICATE_WINDOW_MS = 10_000;
/** Pull requests that may wait at a consumer, over all processes. */
const MAX_WAITING_PULLS = 8_192;

/** The stream of the normal class is as large as before there were classes: a server empties a stream that becomes smaller. */
const SHARE_OF_BYTES: Readonly<Record<PriorityClass, number>> = { low: 0.25, normal: 1, high: 0.25 };
/** Room for the largest message. */
const MIN_STREAM_BYTES = 1_048_576;

/** One place for each class; that of the normal class is first. */
export function stagePlaces(namespace: Namespace, stage: Receiver): readonly StagePlace[] {
  return STREAMS.filter(({ consumer }) => consumer === stage).map(({ name, consumer, priorityClass }) => ({
    ...{ stream: namespace.stream(name), consumer, priorityClass },
  }));
}

/** All streams and consumers that the server must have. */
export function wantedTopology(namespace: Namespace, options: TopologyOptions): readonly WantedPart[] {
  const work = STREAMS.map(({ name, priorityClass, subjects, consumer }) => ({
    stream: workStream(namespace.stream(name), subjects.map(namespace.subject), priorityClass, options),
    consumer: stageConsumer(consumer, options),
  }));
  return [...work, { stream: eventStream(namespace, options) }];
}

/**
 * A work queue keeps a message until it is acknowledged, so running messages count against its limit too. The publishers enforce
 * the capacity for waiting messages; the stream's own limit is the last line.
 */
function workStream(
  name: string,
  subjects: string[],
  priorityClass: PriorityClass,
  options: TopologyOptions,
): WantedStream {
  return {
    name,
    subjects,
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs: options.capacity + options.maxAckPending,
    max_bytes: streamBytes(priorityClass, options),
    num_replicas: options.replicas,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  };
}

/** The largest size of the stream of a stage and a class, in bytes. */
function streamBytes(
  priorityClass: PriorityClass,
  { streamMaxBytes }: Pick<TopologyOptions, 'streamMaxBytes'>,
): number {
  const share = Math.floor(streamMaxBytes * SHARE_OF_BYTES[priorityClass]);
  return Math.max(share, Math.min(streamMaxBytes, MIN_STREAM_BYTES));
}

function stageConsumer(name: string, options: TopologyOptions): WantedConsumer {
  return {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ack_wait: nanos(options.ackWaitMs),
    // The coordinator counts attempts.
    max_deliver: -1,
    max_ack_pending: options.maxAckPending,
    max_waiting: MAX_WAITING_PULLS,
  };
}

function eventStream(namespace: Namespace, options: TopologyOptions): WantedStream {
  return {
    name: namespace.stream(EVENT_STREAM.name),
    subjects: EVENT_STREAM.subjects.map(namespace.subject),
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(options.eventMaxAgeMs),
    max_bytes: options.eventMaxBytes,
    num_replicas: options.replicas,
    duplicate_window: nanos(Math.min(DUPLICATE_WINDOW_MS, options.eventMaxAgeMs)),
  };
}
