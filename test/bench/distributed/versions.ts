/** Which servers stand behind the figures. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `Redis 7.0.15, NATS 2.9.10, PostgreSQL 15`. */
export async function serverVersions(): Promise<string> {
  const [redis, nats, installed] = await Promise.all([
    run('redis-server', ['--version']),
    run('nats-server', ['--version']),
    readdir('/usr/lib/postgresql'),
  ]);
  const number = (printed: string): string => /\d+(?:\.\d+)+/.exec(printed)?.[0] ?? 'of an unknown version';
  const newest = Math.max(...installed.map(Number));
  return `Redis ${number(redis.stdout)} (append-only file, fsync every second), NATS ${number(nats.stdout)}, PostgreSQL ${newest}`;
}
