/** Sends a command to Redis until it is answered or its time is over. Scripts are sent by their hash. */
import { setTimeout as delay } from 'node:timers/promises';
import { ReplyError } from 'ioredis';
import { isEnded } from '../connection/connect.ts';
import type { RedisClient, ScriptArgument } from './script.ts';
import type { ScriptSource } from './source.ts';
import { writeTogether } from './write-together.ts';

/** A master that lost the script in a restart or failover gets it with the call. */
export function evaluate(redis: RedisClient, { sha, text }: ScriptSource, rest: [number, ...ScriptArgument[]]) {
  writeTogether(redis);
  return redis.evalsha(sha, ...rest).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(text, ...rest);
  });
}

const REPEAT_MS = 100;

/**
 * Refusals that end by themselves or by a new connection: a replica, a server that loads or starts, a Cluster that moves slots or
 * has none for a key, too few replicas, a script that runs for too long. In Redis 6 the error of a script encloses them.
 */
const PASSING = /\b(?:READONLY|MASTERDOWN|LOADING|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|NOREPLICAS|BUSY|UNBLOCKED)\b/;

/** Whether the command may succeed when it is sent again: the connection failed, or the server refuses commands for now. */
function isPassing(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return !(cause instanceof ReplyError) || PASSING.test(cause.message);
}

/**
 * Sends a command, and again while its failure may pass; every command here may run twice. Rejects in bounded time with the error
 * that `toError` makes; then it is unknown what Redis did. `onFailure` is called for each time that it was sent in vain.
 */
export async function answered<T>(
  redis: RedisClient,
  send: () => Promise<T>,
  timeoutMs: number,
  toError: (cause: unknown) => Error,
  onFailure: () => void = () => {},
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await bounded(send(), endMs - performance.now(), timeoutMs);
    } catch (cause) {
      onFailure();
      const isOver = isEnded(redis) || performance.now() + REPEAT_MS >= endMs;
      if (isOver || !isPassing(cause)) throw toError(cause);
    }
    await delay(REPEAT_MS);
  }
}

function bounded<T>(call: Promise<T>, leftMs: number, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), leftMs);
    const end = () => clearTimeout(timer);
    call.then(
      (answer) => {
        end();
        resolve(answer);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
