/** Calls of one turn of the event loop share one socket write: one read often brings many answers, and each starts a new call. */
import type { Redis } from 'ioredis';
import type { RedisClient } from './script.ts';

type Stream = Redis['stream'];

/** Calls per write. With fewer, each costs more; with many more, this side and Redis wait for each other in turn. */
const CALLS_PER_WRITE = 8;

/** Calls that wait in the connection to be written together. */
const waiting = new WeakMap<Stream, number>();

/** Call this before a command that may share its write with others. Cluster connections are not changed. */
export function writeTogether(redis: RedisClient): void {
  const stream = 'stream' in redis ? redis.stream : undefined;
  if (stream === undefined) return;
  const calls = waiting.get(stream) ?? 0;
  if (calls === 0) {
    stream.cork();
    // Runs after the microtasks of this turn.
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
