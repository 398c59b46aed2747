/** How a script reaches Redis, whoever's it is. */
import type { RedisClient, ScriptArgument } from './runner.ts';
import type { ScriptSource } from './source.ts';

/** A master that does not know the script, after a restart or a failover, gets it with the call. */
export function evaluate(redis: RedisClient, { sha, text }: ScriptSource, rest: [number, ...ScriptArgument[]]) {
  writeTogether(redis);
  return redis.evalsha(sha, ...rest).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(text, ...rest);
  });
}

/**
 * What is sent in one turn leaves in one write: many answers come in one read, and a write for each call that they set free
 * would cost more than the call.
 */
function writeTogether(redis: RedisClient): void {
  const stream = 'stream' in redis ? redis.stream : undefined;
  if (stream === undefined || stream.writableCorked > 0) return;
  stream.cork();
  // After the microtasks of this turn.
  process.nextTick(() => stream.uncork());
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
