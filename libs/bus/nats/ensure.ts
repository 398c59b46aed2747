/** Creates or updates a stream or a consumer, and returns whether it was missing. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { CatenaError } from '../../errors/catena-error.ts';
import { API_CODE, apiCode, isWithoutRoom, toBusError } from './nats-error.ts';
import { canChangeReplicas, REPLICAS_CHANGE_VERSION } from './server-version.ts';
import type { WantedConsumer, WantedStream } from './topology.ts';

/** Wait before a conflict is reported: another process may be creating the same stream, which looks the same at first. */
const OVERLAP_LOOKS = 5;
const OVERLAP_WAIT_MS = 50;

/** What is found missing may still be under way to its end; this is waited for before it is created. */
export type BeforeCreating = () => Promise<void>;

const AT_ONCE: BeforeCreating = async () => {};

/**
 * Returns true when the stream was created. Throws `bus.stream_conflict` when a different one has its name, and
 * `bus.replicas_fixed` when it has another number of replicas and the server must not change it.
 */
export async function ensureStream(
  manager: JetStreamManager,
  wanted: WantedStream,
  serverVersion: string,
  beforeCreating = AT_ONCE,
  looks = OVERLAP_LOOKS,
): Promise<boolean> {
  try {
    const found = await unlessMissing(manager.streams.info(wanted.name), API_CODE.streamNotFound);
    if (found === undefined) {
      await beforeCreating();
      await manager.streams.add(wanted);
      return true;
    }
    const fixed = differences(found.config, wanted, ['retention', 'storage']);
    if (fixed.length > 0) throw streamConflict(wanted, fixed.join(', '));
    if (differences(found.config, wanted, ['num_replicas']).length > 0 && !canChangeReplicas(serverVersion)) {
      throw replicasFixed(wanted, found.config.num_replicas, serverVersion);
    }
    const { name, ...changes } = wanted;
    if (differences(found.config, changes).length > 0) await manager.streams.update(name, changes);
    return false;
  } catch (thrown) {
    const code = apiCode(thrown);
    if (code === API_CODE.streamNameInUse) return ensureStream(manager, wanted, serverVersion, beforeCreating, looks);
    if (code === API_CODE.subjectsOverlap && looks > 1) {
      await delay(OVERLAP_WAIT_MS);
      return ensureStream(manager, wanted, serverVersion, beforeCreating, looks - 1);
    }
    throw streamError(thrown, wanted);
  }
}

/** Returns true when the consumer was created. Throws `bus.consumer_conflict` when a different one has its name. */
export async function ensureConsumer(
  manager: JetStreamManager,
  stream: string,
  wanted: WantedConsumer,
  beforeCreating = AT_ONCE,
): Promise<boolean> {
  const name = wanted.durable_name;
  try {
    const found = await unlessMissing(manager.consumers.info(stream, name), API_CODE.consumerNotFound);
    if (found === undefined) {
      await beforeCreating();
      await manager.consumers.add(stream, wanted);
      return true;
    }
    const fixed = differences(found.config, wanted, FIXED_OF_CONSUMER);
    if (fixed.length > 0) throw consumerConflict(stream, name, `differs in ${fixed.join(', ')}`);
    if (differences(found.config, wanted).length > 0) await manager.consumers.update(stream, name, wanted);
    return false;
  } catch (thrown) {
    if (apiCode(thrown) === API_CODE.consumerExists) return ensureConsumer(manager, stream, wanted, beforeCreating);
    throw consumerError(thrown, stream, name);
  }
}

/** The last two are never set: the consumer pulls, and pulls everything. */
const FIXED_OF_CONSUMER: readonly (keyof ConsumerConfig)[] = [
  'ack_policy',
  'deliver_policy',
  'replay_policy',
  'max_waiting',
  'deliver_subject',
  'filter_subject',
];

/** The relevant keys whose values differ. */
function differences<Config extends StreamConfig | ConsumerConfig>(
  found: Config,
  wanted: Partial<Config>,
  among = Object.keys(wanted) as readonly (keyof Config)[],
): (keyof Config)[] {
  return among.filter((key) => JSON.stringify(found[key]) !== JSON.stringify(wanted[key]));
}

async function unlessMissing<Info>(info: Promise<Info>, missing: number): Promise<Info | undefined> {
  try {
    return await info;
  } catch (thrown) {
    if (apiCode(thrown) === missing) return undefined;
    throw thrown;
  }
}

function streamError(thrown: unknown, wanted: WantedStream): CatenaError {
  switch (apiCode(thrown)) {
    case API_CODE.subjectsOverlap:
      return streamConflict(wanted, 'another stream holds some of its subjects', thrown);
    case API_CODE.streamUpdateRefused:
      return streamConflict(wanted, String(thrown), thrown);
    case API_CODE.noPeers:
    case API_CODE.tooManyReplicas:
      if (isWithoutRoom(thrown)) return toBusError(thrown, `preparing stream ${wanted.name}`);
      return new CatenaError('bus.too_few_servers', `${wanted.num_replicas} replicas need as many servers`, {
        cause: thrown,
        // A server of the cluster may be down for now; a server without a cluster stays alone.
        class: apiCode(thrown) === API_CODE.noPeers ? 'retryable' : 'fatal',
        data: { stream: wanted.name, replicas: wanted.num_replicas },
        remedy: 'start the servers of the cluster that are down, add servers to it, or lower nats.replicas',
      });
    default:
      return toBusError(thrown, `preparing stream ${wanted.name}`);
  }
}

/** Measured on 2.9.10: after a change from one replica to three, acknowledged messages stay in a work queue for ever. */
function replicasFixed({ name, num_replicas: replicas }: WantedStream, found: number, version: string): CatenaError {
  const message = `stream ${name} has ${found} replicas and nats.replicas is ${replicas}, but nats-server ${version} damages a stream whose replicas change`;
  return new CatenaError('bus.replicas_fixed', message, {
    data: { stream: name, found, replicas, version },
    remedy: `set nats.replicas to ${found}; or upgrade the servers to ${REPLICAS_CHANGE_VERSION}; or stop all Catena processes, delete the stream (nats stream rm ${name}) and start again: what waited in it is sent or downloaded again`,
  });
}

function streamConflict({ name, subjects }: WantedStream, what: string, cause?: unknown): CatenaError {
  return new CatenaError('bus.stream_conflict', `stream ${name} cannot be configured as Catena needs it: ${what}`, {
    cause,
    data: { stream: name, subjects },
    remedy: 'remove the conflicting stream; if it belongs to Catena, the sweeper sends its wake-ups again',
  });
}

function consumerError(thrown: unknown, stream: string, name: string): CatenaError {
  switch (apiCode(thrown)) {
    case API_CODE.workQueueConsumerExists:
      return consumerConflict(stream, name, 'another consumer takes from the same work queue', thrown);
    case API_CODE.consumerUpdateRefused:
      return consumerConflict(stream, name, String(thrown), thrown);
    default:
      return toBusError(thrown, `preparing consumer ${name} of stream ${stream}`);
  }
}

function consumerConflict(stream: string, name: string, what: string, cause?: unknown): CatenaError {
  return new CatenaError('bus.consumer_conflict', `consumer ${name} of stream ${stream}: ${what}`, {
    cause,
    data: { stream, consumer: name },
    remedy: 'remove the conflicting consumer (nats consumer rm) and start again; no message is lost',
  });
}
