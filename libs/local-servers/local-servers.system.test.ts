import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../config/environment.ts';
import { type LocalServers, startLocalServers } from './local-servers.ts';
import { ProcessLedger, startOf } from './process-ledger.ts';

const find = { path: readEnvironment().PATH ?? '' };
let folder = '';
let servers: LocalServers | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-servers-'));
  // The user postgres has to enter it.
  chmodSync(folder, 0o755);
});
afterAll(async () => {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<LocalServers> {
  servers = await startLocalServers({ folder, ledger: new ProcessLedger(join(folder, 'processes.json')), find });
  return servers;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

describe('servers of this machine', () => {
  it('answer, keep their data, and leave nothing running', async () => {
    const first = await start();
    const redis = new Redis(first.redisUrl);
    await redis.set('kept', 'yes');
    redis.disconnect();
    await query(first.databaseUrl, 'CREATE TABLE kept AS SELECT 1 AS one');
    const pids = first.servers.map(({ pid }) => pid);
    expect(first.servers.map(({ name }) => name)).toEqual(['redis', 'nats', 'postgres']);
    await first.stop();
    await first.stop();
    expect(pids.map((pid) => startOf(pid))).toEqual([undefined, undefined, undefined]);
    expect(JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8'))).toEqual([]);

    const second = await start();
    const again = new Redis(second.redisUrl);
    expect(await again.get('kept')).toBe('yes');
    again.disconnect();
    expect(await query(second.databaseUrl, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  it('that a killed starter left behind are ended by the next one', async () => {
    const { servers: left } = servers ?? (await start());
    const ended = await new ProcessLedger(join(folder, 'processes.json')).endLeftovers();
    expect(ended.sort()).toEqual(['nats', 'postgres', 'redis']);
    await Promise.all(left.map((server) => server.ended));
    expect(left.map(({ pid }) => startOf(pid))).toEqual([undefined, undefined, undefined]);
  });
});
