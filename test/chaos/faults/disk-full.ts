import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosServers } from '../servers.ts';
import { defineFault } from './fault.ts';

const PIECE_BYTES = 16 * 1_024 * 1_024;
const LEAST_BYTES = 4_096;
const FILL_AGAIN_MS = 50;

/** The disk of all servers is full for a while; then there is room, and whoever has ended is started again. */
export const diskFull = defineFault<'disk_full', { readonly forMs: number }>({
  kind: 'disk_full',
  isOfMachine: true,
  perRound: 1,
  draw: ({ dice }) => ({ forMs: dice.between(1_000, 4_000) }),
  // Another fault would wait for servers that cannot write, or start one of those that are started here.
  isAlone: true,
  async strike({ servers, onEffect }, { forMs }) {
    const ballast = join(tmpdir(), 'ballast');
    const file = await open(ballast, 'w');
    try {
      await fill(file);
      onEffect('any');
      const untilMs = performance.now() + forMs;
      while (performance.now() < untilMs) {
        await delay(FILL_AGAIN_MS);
        await fill(file);
      }
    } finally {
      await file.close();
      await rm(ballast, { force: true });
    }
    const ended = await startEnded(servers);
    return `the disk was full for ${forMs} ms, which ended ${ended.length === 0 ? 'no server' : ended.join(', ')}`;
  },
  seen: ({ done }) => ({ 'disks full': done.length }),
});

/** Takes what room there is: servers give some back now and then. */
async function fill(file: FileHandle): Promise<void> {
  for (let size = PIECE_BYTES; size >= LEAST_BYTES; ) {
    try {
      await file.write(Buffer.alloc(size, 1));
    } catch (thrown) {
      if ((thrown as { code?: unknown }).code !== 'ENOSPC') throw thrown;
      size /= 16;
    }
  }
}

async function startEnded({ redis, nats, postgres }: ChaosServers): Promise<string[]> {
  const ended: string[] = [];
  if (!postgres.isUp) {
    ended.push('PostgreSQL');
    await postgres.start();
  }
  ended.push(...(await redis.resume()));
  const well = await Promise.all(nats.members.map(async ({ isUp, hasJetStream }) => isUp && (await hasJetStream())));
  if (well.includes(false)) {
    ended.push('JetStream');
    // Measured on 2.9.10: with what it wrote to a full disk, a cluster may answer and yet make no stream's leader. Without, it works.
    await nats.resume({ keepData: false });
  }
  await Promise.all([redis.followed(), nats.ready()]);
  return ended;
}
