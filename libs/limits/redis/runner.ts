/** Runs the scripts of shared limits: by hash, in bounded time, with one retryable error for every failure. */

import type { RedisClient } from '../../coordination/redis/index.ts';
import { answered, evaluate } from '../../coordination/redis/scripts/evaluate.ts';
import { redisSpan } from '../../coordination/redis/scripts/redis-span.ts';
import type { Script } from '../../coordination/redis/scripts/script.ts';
import { readScript } from '../../coordination/redis/scripts/source.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { inCallSpan } from '../../telemetry/spans.ts';
import { LIMIT_SCRIPTS } from './scripts.ts';

export interface LimitReply {
  readonly code: number;
  /** Parsed JSON; undefined when the script returns none. */
  readonly payload: unknown;
}

export interface LimitRunner {
  /** Runs a script on its one key. Throws `limits.unavailable` (retryable); it is then unknown what Redis did. */
  run(script: Script, key: string, args: readonly (string | number)[]): Promise<LimitReply>;
  /** Sends another command, with the same errors. */
  ask<T>(what: string, command: (redis: RedisClient) => Promise<T>): Promise<T>;
}

export interface LimitRunnerOptions {
  readonly redis: RedisClient;
  readonly timeoutMs: number;
  /** Called for each call that Redis did not answer. */
  readonly onUnanswered: (error: CatenaError) => void;
  /** Called for each command that failed or got no answer, whether it is sent again or not. */
  readonly onFailure?: (() => void) | undefined;
}

export function createLimitRunner({ redis, timeoutMs, onUnanswered, onFailure }: LimitRunnerOptions): LimitRunner {
  const sources = new Map(LIMIT_SCRIPTS.map((script) => [script.name, readScript(script)]));
  const answerOf = <T>(what: string, send: () => Promise<T>): Promise<T> =>
    answered(redis, send, timeoutMs, (cause) => unavailable(what, cause), onFailure).catch((error: CatenaError) => {
      onUnanswered(error);
      throw error;
    });
  return {
    async run({ name }, key, args) {
      const source = sources.get(name)!;
      const send = () => answerOf(name, () => evaluate(redis, source, [1, key, ...args]));
      const answer = (await inCallSpan(() => redisSpan(redis, 'EVALSHA', name), send)) as readonly [
        number,
        string,
        string,
      ];
      return { code: answer[0], payload: answer[2] === '' ? undefined : JSON.parse(answer[2]) };
    },
    ask: (what, command) =>
      inCallSpan(
        () => redisSpan(redis, what),
        () => answerOf(what, () => command(redis)),
      ),
  };
}

function unavailable(what: string, cause: unknown): CatenaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CatenaError('limits.unavailable', `Redis did not answer ${what}: ${reason}`, {
    class: 'retryable',
    cause,
    data: { call: what },
    remedy: 'check that Redis runs and can be reached; until then no request that needs a shared limit is sent',
  });
}
