/** How a script reaches Redis, whoever's it is. */
import type { RedisClient, ScriptArgument } from './script.ts';
import type { ScriptSource } from './source.ts';
import { writeTogether } from './write-together.ts';

/** A master that does not know the script, after a restart or a failover, gets it with the call. */
export function evaluate(redis: RedisClient, { sha, text }: ScriptSource, rest: [number, ...ScriptArgument[]]) {
  writeTogether(redis);
  return redis.evalsha(sha, ...rest).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(text, ...rest);
  });
}

/** The answer of a call, or within bounded time the error that its cause becomes. */
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
