/** Calls of one turn share their writes: many answers come in one read, and each of them sets a call free. */
import type { Redis } from 'ioredis';
import type { RedisClient } from './script.ts';

type Stream = Redis['stream'];

/** Calls that leave in one write. With fewer each costs more; with many more, this side and Redis wait for each other in turn. */
const CALLS_PER_WRITE = 8;

/** Calls that wait in the connection to leave together. */
const waiting = new WeakMap<Stream, number>();

/** To be called before a call that may share its write with others. A cluster's connections are left as they are. */
export function writeTogether(redis: RedisClient): void {
  const stream = 'stream' in redis ? redis.stream : undefined;
  if (stream === undefined) return;
  const calls = waiting.get(stream) ?? 0;
  if (calls === 0) {
    stream.cork();
    // After the microtasks of this turn.
    process.nextTick(() => {
      waiting.delete(stream);
      stream.uncork();
    });
  } else if (calls % CALLS_PER_WRITE === 0) {
    stream.uncork();
    stream.cork();
  }
  waiting.set(stream, calls + 1);
}
