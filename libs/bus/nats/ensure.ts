/** Makes a stream or a consumer what it should be, and says whether it was missing. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { CatenaError } from '../../errors/catena-error.ts';
import { API_CODE, apiCode, toBusError } from './nats-error.ts';
import type { WantedConsumer, WantedStream } from './topology.ts';

/** A process that makes the same stream at the same time is at first told apart from one in the way by nothing but time. */
const OVERLAP_LOOKS = 5;
const OVERLAP_WAIT_MS = 50;

/** True when the stream had to be made. Throws `bus.stream_conflict` when one of another nature is in its place. */
export async function ensureStream(
  manager: JetStreamManager,
  wanted: WantedStream,
  looks = OVERLAP_LOOKS,
): Promise<boolean> {
  try {
    const found = await unlessMissing(manager.streams.info(wanted.name), API_CODE.streamNotFound);
    if (found === undefined) {
      await manager.streams.add(wanted);
      return true;
    }
    const fixed = differences(found.config, wanted, ['retention', 'storage']);
    if (fixed.length > 0) throw streamConflict(wanted, fixed.join(', '));
    const { name, ...changes } = wanted;
    if (differences(found.config, changes).length > 0) await manager.streams.update(name, changes);
    return false;
  } catch (thrown) {
    const code = apiCode(thrown);
    if (code === API_CODE.streamNameInUse) return ensureStream(manager, wanted, looks);
    if (code === API_CODE.subjectsOverlap && looks > 1) {
      await delay(OVERLAP_WAIT_MS);
      return ensureStream(manager, wanted, looks - 1);
    }
    throw streamError(thrown, wanted);
  }
}

/** True when the consumer had to be made. Throws `bus.consumer_conflict` when one of another nature is in its place. */
export async function ensureConsumer(
  manager: JetStreamManager,
  stream: string,
  wanted: WantedConsumer,
): Promise<boolean> {
  const name = wanted.durable_name;
  try {
    const found = await unlessMissing(manager.consumers.info(stream, name), API_CODE.consumerNotFound);
    if (found === undefined) {
      await manager.consumers.add(stream, wanted);
      return true;
    }
    const fixed = differences(found.config, wanted, FIXED_OF_CONSUMER);
    if (fixed.length > 0) throw consumerConflict(stream, name, `differs in ${fixed.join(', ')}`);
    if (differences(found.config, wanted).length > 0) await manager.consumers.update(stream, name, wanted);
    return false;
  } catch (thrown) {
    if (apiCode(thrown) === API_CODE.consumerExists) return ensureConsumer(manager, stream, wanted);
    throw consumerError(thrown, stream, name);
  }
}

/** The last two are never wanted: a consumer that pulls, and pulls everything. */
const FIXED_OF_CONSUMER: readonly (keyof ConsumerConfig)[] = [
  'ack_policy',
  'deliver_policy',
  'replay_policy',
  'max_waiting',
  'deliver_subject',
  'filter_subject',
];

/** The wanted keys, of those that count, whose values differ. */
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
    case API_CODE.tooManyReplicas:
      return new CatenaError('bus.too_few_servers', `${wanted.num_replicas} replicas need as many servers`, {
        cause: thrown,
        data: { stream: wanted.name, replicas: wanted.num_replicas },
        remedy: 'lower nats.replicas, or add servers to the cluster',
      });
    default:
      return toBusError(thrown, `preparing stream ${wanted.name}`);
  }
}

function streamConflict({ name, subjects }: WantedStream, what: string, cause?: unknown): CatenaError {
  return new CatenaError('bus.stream_conflict', `stream ${name} cannot be made what the chain needs: ${what}`, {
    cause,
    data: { stream: name, subjects },
    remedy: 'remove the stream in the way; if it is the chain’s, its messages are wake-ups and are notified again',
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
    remedy: 'remove the consumer in the way (nats consumer rm) and start again; no message is lost',
  });
}
