/** Sends a script to Redis, by its hash. */
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

/** Returns the answer of a call, or rejects in bounded time with the error that `toError` makes. */
export function bounded<T>(call: Promise<T>, timeoutMs: number, toError: (cause: unknown) => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const expire = () => reject(toError(new Error(`no answer within ${timeoutMs} ms`)));
    const timer = setTimeout(expire, timeoutMs);
    const fail = (error: unknown) => {
      clearTimeout(timer);
      reject(toError(error));
    };
    call.then((answer) => {
      clearTimeout(timer);
      resolve(answer);
    }, fail);
  });
}
