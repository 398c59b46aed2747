/** A flow of BullMQ: a parent job that joins, with a child for each page. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { versionOf } from '../../bench/peers.ts';
import { startRedisServer } from '../../fixtures/servers/redis-server.ts';
import type { Contestant } from '../contestant.ts';
import { supervise } from '../program.ts';
import { rowsOf } from './scrapy.ts';

const WORKER = fileURLToPath(new URL('./bullmq-program.ts', import.meta.url));

export const bullmq: Contestant = {
  name: 'BullMQ flow',
  version: () => versionOf('bullmq', 'peers'),
  servers: ['redis'],
  notes: [
    'Jobs of a killed worker are taken for stalled after 30 s, its default; `maxStalledCount` is raised to 100, since by default a job that stalls twice has failed.',
  ],
  async begin({ url, folder, appendfsync }) {
    const redis = await startRedisServer({ appendonly: true, args: ['--appendfsync', appendfsync] });
    const output = join(folder, 'items.jsonl');
    const args = [WORKER, JSON.stringify({ base: url, output, redisPort: redis.port })];
    const program = supervise({ command: process.execPath, args, folder });
    return {
      ended: program.ended,
      kill: program.kill,
      fail: () => redis.restart('SIGKILL'),
      items: async () => rowsOf(await readFile(output, 'utf8').catch(() => '')),
      stop: async () => {
        await program.stop();
        await redis.stop();
      },
    };
  },
};
