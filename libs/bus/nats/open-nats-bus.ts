import { namespaceOf } from '../../contracts/subjects.ts';
import { connectNats } from './connect.ts';
import { NatsBus } from './nats-bus.ts';
import type { BusNotice } from './notice.ts';
import { contractCheck, type MessageCheck, type RefusedMessage } from './read-message.ts';
import { wantedTopology } from './topology.ts';
import { TopologyKeeper } from './topology-keeper.ts';

export interface NatsBusOptions {
  /** See {@link connectNats}. */
  readonly url: string;
  /** Name of the connection in the server's lists; default `catena`. */
  readonly name?: string;
  /** Separates deployments on one server; default none. */
  readonly namespace?: string;
  /** Messages of each class that may wait for each stage; default 10,000. */
  readonly capacity?: number;
  /** Largest size of each stage's stream for the normal class, in bytes; default 512 MiB. */
  readonly streamMaxBytes?: number;
  /** Servers that store each message; default 1. */
  readonly replicas?: number;
  /** A delivery without a sign of life from its holder is repeated after this; default 30 seconds. */
  readonly ackWaitMs?: number;
  /** Running and returned deliveries of a stage and class, over all processes; default 20,000. */
  readonly maxAckPending?: number;
  /** How long and how many bytes of events are kept; default 7 days and 256 MiB. */
  readonly eventMaxAgeMs?: number;
  readonly eventMaxBytes?: number;
  /** Timeout of connecting and of each answer; default 5 seconds. */
  readonly requestTimeoutMs?: number;
  /** Checks an incoming message; default the contract's own check. */
  readonly check?: MessageCheck;
  /** Records a foreign message on our subjects; the broker deletes it only after this resolves. */
  readonly onRefused: (refused: RefusedMessage) => Promise<void>;
  readonly onNotice: (notice: BusNotice) => void;
}

const MIB = 1_024 * 1_024;

const DEFAULTS = {
  name: 'catena',
  namespace: '',
  capacity: 10_000,
  streamMaxBytes: 512 * MIB,
  replicas: 1,
  ackWaitMs: 30_000,
  maxAckPending: 20_000,
  eventMaxAgeMs: 7 * 24 * 3_600_000,
  eventMaxBytes: 256 * MIB,
  requestTimeoutMs: 5_000,
  check: contractCheck,
} as const satisfies Partial<NatsBusOptions>;

/**
 * Connects, and creates or updates the streams and consumers of the chain. Throws `bus.unavailable` (retryable) when
 * no server answers in time, `bus.unauthorized`, `bus.no_jetstream`, `bus.stream_conflict`, `bus.consumer_conflict`,
 * `bus.too_few_servers`, `bus.out_of_storage`, `bus.invalid_namespace`.
 */
export async function openNatsBus(given: NatsBusOptions): Promise<NatsBus> {
  const options = { ...DEFAULTS, ...given };
  const namespace = namespaceOf(options.namespace);
  const { url, name, requestTimeoutMs } = options;
  const connection = await connectNats({ url, name, timeoutMs: requestTimeoutMs });
  try {
    const keeper = await TopologyKeeper.open(connection, wantedTopology(namespace, options), requestTimeoutMs);
    const bus = new NatsBus({ ...options, connection, namespace, keeper });
    await bus.readBacklogs();
    return bus;
  } catch (error) {
    await connection.close();
    throw error;
  }
}
