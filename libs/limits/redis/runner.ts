/** Runs the scripts of shared limits: by their hash, bounded in time, every failure one retryable error. */
import type { RedisClient } from '../../coordination/redis/index.ts';
import type { Script } from '../../coordination/redis/script.ts';
import { readScript } from '../../coordination/redis/source.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { LIMIT_SCRIPTS } from './scripts.ts';

export interface LimitReply {
  readonly code: number;
  /** Read from JSON; undefined where the script gives none. */
  readonly payload: unknown;
}

export interface LimitRunner {
  /** Runs a script on its one key. Throws `limits.unavailable` (retryable): what Redis did is not known then. */
  run(script: Script, key: string, args: readonly (string | number)[]): Promise<LimitReply>;
  /** Any other command, with the same errors. */
  ask<T>(what: string, command: (redis: RedisClient) => Promise<T>): Promise<T>;
}

export interface LimitRunnerOptions {
  readonly redis: RedisClient;
  readonly timeoutMs: number;
  /** Told of every call that Redis did not answer. */
  readonly onUnanswered: (error: CatenaError) => void;
}

export function createLimitRunner({ redis, timeoutMs, onUnanswered }: LimitRunnerOptions): LimitRunner {
  const sources = new Map(LIMIT_SCRIPTS.map(({ name }) => [name, readScript(name)]));
  const bounded = async <T>(what: string, call: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      return await Promise.race([call, late]);
    } catch (thrown) {
      const error = unavailable(what, thrown);
      onUnanswered(error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  /** A master that does not know the script gets it with the call. */
  const evaluate = (name: string, rest: [number, ...(string | number)[]]): Promise<unknown> => {
    const { sha, text } = sources.get(name)!;
    return redis.evalsha(sha, ...rest).catch((error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(text, ...rest);
    });
  };
  return {
    async run({ name }, key, args) {
      const answer = (await bounded(name, evaluate(name, [1, key, ...args]))) as readonly [number, string, string];
      return { code: answer[0], payload: answer[2] === '' ? undefined : JSON.parse(answer[2]) };
    },
    ask: (what, command) => bounded(what, command(redis)),
  };
}

function unavailable(what: string, cause: unknown): CatenaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CatenaError('limits.unavailable', `Redis did not answer ${what}: ${reason}`, {
    class: 'retryable',
    cause,
    data: { call: what },
    remedy: 'check that Redis runs and can be reached; nothing that needs a shared limit is sent until it does',
  });
}
