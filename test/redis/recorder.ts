/** Which scripts a client calls, with their keys and arguments. */
import type { Redis } from 'ioredis';

export interface ScriptCall {
  readonly sha: string;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** The client, telling of each script and waiting for the listener before it is sent. */
export function recordScripts(redis: Redis, onCall: (call: ScriptCall) => Promise<void>): Redis {
  return new Proxy(redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'evalsha') return value.bind(target);
      return async (sha: string, count: number, ...rest: (string | number)[]) => {
        await onCall({ sha, keys: rest.slice(0, count).map(String), args: rest.slice(count) });
        return await target.evalsha(sha, count, ...rest);
      };
    },
  });
}
