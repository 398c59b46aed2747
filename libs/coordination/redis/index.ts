/**
 * The coordinator of distributed mode: its state is in Redis, and each transition is one Lua script of `lua/` that runs there.
 * This side names keys, passes policy and reads answers; it decides nothing. Each of the seven protocol groups has a file with
 * the same name as in the port, SQLite and Lua: bindings of scripts first, then the calls. `scripts/` sends scripts to Redis, and
 * `run-keys.ts` names the keys of a run.
 */
import { randomBytes } from 'node:crypto';
import { chainKeys } from '../../keys/keys.ts';
import type { Backlog } from '../protocol/backlog.ts';
import type { CoordinatorPolicy } from '../protocol/policy.ts';
import type { Coordinator } from '../protocol/port.ts';
import { type LookAhead, lookAhead, type NodesAhead, nextDueInMs } from './ahead.ts';
import { bufferedResponses, oldestOverdueMs } from './backlog.ts';
import { CLAIM_SCRIPTS, claim, recoverZombie, release, renew, reorderEnqueue } from './claims.ts';
import { COMMIT_SCRIPTS, childrenPump, commitSuccess, stageChildren } from './commits.ts';
import type { RedisNotice } from './connection/connect.ts';
import { type RedisSource, redisClientFor } from './connection/source.ts';
import { commitError, ERROR_SCRIPTS, replay, retrySchedule, terminateMark, thresholdDecide } from './errors.ts';
import { noteLayout } from './layout.ts';
import { type Markers, markersIn } from './markers.ts';
import { type OutboxEntry, takeEvents, trimEvents } from './outbox.ts';
import { earlyOpen, PHASE_SCRIPTS, phaseClose, scopeDrain } from './phases.ts';
import { findNode, findRun, listDue, listEvents, listNodes, liveRuns, READ_SCRIPTS } from './reads.ts';
import { RunKeyCache } from './run-keys.ts';
import { RUN_SCRIPTS, runAudit, runControl, runOpen, runPurge, runSettle } from './runs.ts';
import type { RedisDeps } from './scripts/call.ts';
import { startScriptRunner } from './scripts/runner.ts';
import type { Script } from './scripts/script.ts';
import { dueTake, SWEEP_SCRIPTS, windowFill } from './sweep.ts';

export type { OutboxEntry } from './outbox.ts';
export type { RedisClient } from './scripts/script.ts';

/** Every script of the coordinator, by its groups. */
export const SCRIPTS: readonly Script[] = [
  ...[...RUN_SCRIPTS, ...CLAIM_SCRIPTS, ...COMMIT_SCRIPTS, ...ERROR_SCRIPTS, ...PHASE_SCRIPTS, ...SWEEP_SCRIPTS],
  ...READ_SCRIPTS,
];

const COMMAND_TIMEOUT_MS = 5_000;
/** How long the key of a health check stays. */
const HEALTH_KEY_MS = 60_000;

export interface RedisCoordinatorOptions {
  readonly redis: RedisSource;
  /** Number of shards of the deployment; it must be the same in all processes and never change. */
  readonly shards: number;
  readonly policy: CoordinatorPolicy;
  /** Part of every token; raised when state was lost. A function is asked for each token. */
  readonly incarnation: number | (() => number);
  /** Replicas of Redis that must have a change before it counts; default 0. */
  readonly replicas?: number;
  /** Unix milliseconds instead of the server's clock; only for tests. */
  readonly now?: () => number;
  /** How long a call waits for Redis; default 5 s. */
  readonly commandTimeoutMs?: number;
  /** Called for each script that answered, for metrics. */
  readonly onScript?: (script: string, code: number, durationMs: number) => void;
  /** Called for each command that failed or got no answer, whether it is sent again or not. */
  readonly onFailure?: () => void;
  /** Called when the connection is lost or there again; not for a client of the caller. */
  readonly onNotice?: (notice: RedisNotice) => void;
}

export interface RedisCoordinator extends Coordinator, Backlog {
  /** Reads the oldest unpublished events of a shard. */
  takeEvents(take: { readonly shard: number; readonly limit: number }): Promise<readonly OutboxEntry[]>;
  /** Deletes published events; idempotent. */
  trimEvents(trim: { readonly shard: number; readonly entries: readonly string[] }): Promise<void>;
  /** Lists the runs that a shard looks after: open and not paused, or closing. */
  liveRuns(shard: number): AsyncIterable<string>;
  readonly markers: Markers;
  /** Notes that this release writes here; an older one then refuses to start on this Redis (`checkRedis`). */
  noteLayout(): Promise<void>;
  /** Yields the nodes of a phase whose due time lies ahead by up to `withinMs`, page by page. */
  lookAhead(look: LookAhead): AsyncIterable<NodesAhead>;
  /** When the first entry of a shard is due, in milliseconds from now; undefined when nothing is. */
  nextDueInMs(shard: number): Promise<number | undefined>;
  /** Resolves when Redis takes a write; rejects with the reason why it does not. */
  check(): Promise<void>;
  /** Ends the connection if the coordinator made it; idempotent. */
  close(): Promise<void>;
}

/** Opens the coordinator. Throws `coordinator.unavailable` (retryable) when Redis does not answer. */
export async function openRedisCoordinator(options: RedisCoordinatorOptions): Promise<RedisCoordinator> {
  const { shards, policy, incarnation, now, replicas = 0, onScript = () => {} } = options;
  const { commandTimeoutMs: timeoutMs = COMMAND_TIMEOUT_MS, onNotice, onFailure } = options;
  const { redis, close } = redisClientFor(options.redis, {
    timeoutMs,
    ...(onNotice === undefined ? {} : { onNotice }),
  });
  try {
    const runner = await startScriptRunner({ redis, scripts: SCRIPTS, timeoutMs, replicas, onScript, onFailure });
    const keys = new RunKeyCache(shards);
    const deps: RedisDeps = { runner, keys, policy, now: now ?? (() => ''), nextToken: tokens(incarnation) };
    return {
      ...transitionsOf(deps),
      liveRuns: (shard) => liveRuns(deps, shard),
      oldestOverdueMs: () => oldestOverdueMs(deps, shards),
      bufferedResponses: () => bufferedResponses(deps, shards),
      markers: markersIn(runner, redis, shards),
      noteLayout: () => runner.ask('ZADD', noteLayout),
      close: async () => close(),
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Makes unique tokens: a counter, and a nonce per process. */
function tokens(incarnation: number | (() => number)): () => string {
  const current = typeof incarnation === 'number' ? () => incarnation : incarnation;
  const nonce = randomBytes(6).toString('base64url');
  let counter = 0;
  return () => {
    counter += 1;
    return `${current()}.${counter}.${nonce}`;
  };
}

function transitionsOf(
  deps: RedisDeps,
): Omit<RedisCoordinator, 'close' | 'liveRuns' | 'markers' | 'noteLayout' | keyof Backlog> {
  return {
    runOpen: (command) => runOpen(deps, command),
    runControl: (command) => runControl(deps, command),
    runSettle: (command) => runSettle(deps, command),
    runAudit: (command) => runAudit(deps, command),
    runPurge: (command) => runPurge(deps, command),

    claim: (command) => claim(deps, command),
    renew: (command) => renew(deps, command),
    release: (command) => release(deps, command),
    recoverZombie: (command) => recoverZombie(deps, command),
    reorderEnqueue: (command) => reorderEnqueue(deps, command),

    stageChildren: (command) => stageChildren(deps, command),
    commitSuccess: (command) => commitSuccess(deps, command),
    childrenPump: (command) => childrenPump(deps, command),

    commitError: (command) => commitError(deps, command),
    thresholdDecide: (command) => thresholdDecide(deps, command),
    retrySchedule: (command) => retrySchedule(deps, command),
    terminateMark: (command) => terminateMark(deps, command),
    replay: (command) => replay(deps, command),

    earlyOpen: (command) => earlyOpen(deps, command),
    phaseClose: (command) => phaseClose(deps, command),
    scopeDrain: (command) => scopeDrain(deps, command),

    dueTake: (command) => dueTake(deps, command),
    windowFill: (command) => windowFill(deps, command),

    findRun: (runId) => findRun(deps, runId),
    findNode: (ref) => findNode(deps, ref),
    listNodes: (filter) => listNodes(deps, filter),
    listDue: (filter) => listDue(deps, filter),
    listEvents: (filter) => listEvents(deps, filter),

    check: async () => {
      await deps.runner.ask('SET', (redis) => redis.set(chainKeys.health(0), '1', 'PX', HEALTH_KEY_MS));
    },
    nextDueInMs: (shard) => nextDueInMs(deps, shard),
    lookAhead: (look) => lookAhead(deps, look),
    takeEvents: (take) => takeEvents(deps, take),
    trimEvents: (trim) => trimEvents(deps, trim),
  };
}
