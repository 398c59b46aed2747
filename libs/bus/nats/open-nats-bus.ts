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
  /** How the connection names itself in the server's lists; default `catena`. */
  readonly name?: string;
  /** Keeps deployments on one server apart; default none. */
  readonly namespace?: string;
  /** Messages that may wait for each stage; default 10,000. */
  readonly capacity?: number;
  /** Bytes that each stage's stream takes; default 512 MiB. */
  readonly streamMaxBytes?: number;
  /** Servers that keep each message; default 1. */
  readonly replicas?: number;
  /** A delivery whose holder gives no sign of life comes again after this; default 30 seconds. */
  readonly ackWaitMs?: number;
  /** Deliveries of a stage, over all processes, in hand or given back; default 20,000. */
  readonly maxAckPending?: number;
  /** How long events are kept, and how many bytes of them; default 7 days and 256 MiB. */
  readonly eventMaxAgeMs?: number;
  readonly eventMaxBytes?: number;
  /** The longest that connecting and each answer may take; default 5 seconds. */
  readonly requestTimeoutMs?: number;
  /** What is wrong with a message that came; default the contract's own check. */
  readonly check?: MessageCheck;
  /** Keeps what came on our subjects and is no message; the broker forgets it when this resolves, and not before. */
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
 * Connects, and makes the streams and consumers of the chain what they should be. Throws `bus.unavailable` (retryable) when
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
