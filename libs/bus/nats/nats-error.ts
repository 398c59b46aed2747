/** Converts errors of the NATS client to CatenaErrors. */
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { CatenaError } from '../../errors/catena-error.ts';

/** Codes of the JetStream API, as the server's `errors.json` numbers them. */
export const API_CODE = {
  noPeers: 10005,
  noLeader: 10008,
  notLeader: 10009,
  consumerNotFound: 10014,
  consumerExists: 10013,
  consumerUpdateRefused: 10012,
  storageExceeded: 10047,
  resourcesExceeded: 10023,
  streamUpdateRefused: 10052,
  streamNameInUse: 10058,
  streamNotFound: 10059,
  subjectsOverlap: 10065,
  storeFailed: 10077,
  tooManyReplicas: 10074,
  workQueueConsumerExists: 10099,
} as const;

/** The error number of a JetStream refusal; undefined for other errors. */
export function apiCode(thrown: unknown): number | undefined {
  return thrown instanceof JetStreamApiError ? thrown.code : undefined;
}

/** Whether a publish was refused because its stream is full. */
export function isStreamFull(thrown: unknown): boolean {
  return apiCode(thrown) === API_CODE.storeFailed && /maximum (?:messages|bytes) exceeded/.test(String(thrown));
}

/** Whether a publish was refused because its stream has lost its files; it refuses everything until it is made anew. */
export function isWithoutFiles(thrown: unknown): boolean {
  return apiCode(thrown) === API_CODE.storeFailed && /no such file|cannot find the (?:file|path)/i.test(String(thrown));
}

/** Whether nobody listens where a request was sent. */
export function isUnheard(thrown: unknown): boolean {
  if (thrown instanceof errors.NoRespondersError) return true;
  const cause = thrown instanceof Error && thrown.cause instanceof errors.RequestError ? thrown.cause : thrown;
  return cause instanceof errors.RequestError && cause.isNoResponders();
}

/** Whether the stream or consumer does not exist. A publish to a deleted stream has no responder. */
export function isGone(thrown: unknown): boolean {
  const code = apiCode(thrown);
  if (code === API_CODE.streamNotFound || code === API_CODE.consumerNotFound) return true;
  return isJetStreamAbsent(thrown) || isUnheard(thrown);
}

/**
 * Whether the cluster cannot answer now: it elects a leader, or has lost its quorum. An answer that does not come in time looks
 * the same from here.
 */
export function isLeaderless(thrown: unknown): boolean {
  const code = apiCode(thrown);
  return code === API_CODE.noLeader || code === API_CODE.notLeader || thrown instanceof errors.TimeoutError;
}

/** The client's error name for a JetStream request without responder; its class is not public. */
export function isJetStreamAbsent(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'JetStreamNotEnabled';
}

/** Whether no server, or too few of a cluster, have the storage that was asked for. */
export function isWithoutRoom(thrown: unknown): boolean {
  const code = apiCode(thrown);
  if (code === API_CODE.storageExceeded || code === API_CODE.resourcesExceeded) return true;
  return code === API_CODE.noPeers && String(thrown).includes('insufficient storage');
}

/** `doing` completes "NATS failed while …". */
export function toBusError(thrown: unknown, doing: string): CatenaError {
  if (thrown instanceof CatenaError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  const about = { cause: thrown, data: { doing } };
  if (thrown instanceof errors.AuthorizationError || thrown instanceof errors.UserAuthenticationExpiredError) {
    return new CatenaError('bus.unauthorized', `NATS refused the credentials while ${doing} (${detail})`, {
      ...about,
      remedy: 'check user and password, or token, in nats.url',
    });
  }
  if (thrown instanceof errors.PermissionViolationError) {
    return new CatenaError('bus.forbidden', `NATS permissions forbid ${doing} (${detail})`, {
      ...about,
      remedy: 'allow this user to publish and subscribe on the chain’s subjects, $JS.API.>, $JS.ACK.> and _INBOX.>',
    });
  }
  const code = apiCode(thrown);
  if (isWithoutRoom(thrown)) {
    return new CatenaError('bus.out_of_storage', `JetStream has no storage left while ${doing} (${detail})`, {
      ...about,
      class: 'retryable',
      remedy: 'raise max_file_store of nats-server, or lower nats.stream_max_bytes',
    });
  }
  if (code !== undefined && !isLeaderless(thrown)) return refused(thrown, doing, detail);
  return new CatenaError('bus.unavailable', `NATS did not answer while ${doing} (${detail})`, {
    ...about,
    class: 'retryable',
    remedy:
      'check that nats-server runs with JetStream and can be reached at nats.url; of a cluster, that most of its servers run',
  });
}

function refused(thrown: unknown, doing: string, detail: string): CatenaError {
  return new CatenaError('bus.refused', `JetStream refused while ${doing}: ${detail}`, {
    class: 'retryable',
    cause: thrown,
    data: { doing, apiCode: apiCode(thrown) },
    remedy: 'read the log of nats-server',
  });
}
