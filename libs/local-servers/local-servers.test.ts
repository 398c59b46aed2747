import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPostgres, findProgram } from './binaries.ts';
import { freePort } from './free-port.ts';
import { natsAnswers, type Probe, postgresAnswers, redisAnswers } from './probe.ts';
import { ProcessLedger, startOf } from './process-ledger.ts';
import { startServer } from './server-process.ts';

const LOGIN = { user: 'catena', password: 'a-password' };

let folder = '';
let ledgerPath = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-local-'));
  ledgerPath = join(folder, 'processes.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

describe('the programs of servers', () => {
  it('are found on the path; what is missing is said with its package', async () => {
    const found = program('no-such-server');
    expect(await findProgram('no-such-server', 'nothing', { path: `/nowhere:${folder}` })).toBe(found);
    await expect(findProgram('absent-server', 'the-package', { path: folder })).rejects.toMatchObject({
      code: 'servers.not_installed',
      remedy: expect.stringContaining('apt-get install the-package'),
    });
  });

  it('of PostgreSQL are those of the newest whole version', async () => {
    for (const name of ['9/bin/initdb', '9/bin/postgres', '15/bin/initdb', '15/bin/postgres', '16/bin/initdb'])
      program(name);
    expect(await findPostgres({ path: '', postgresVersions: folder })).toBe(join(folder, '15/bin'));
  });
});

describe('whether a server answers', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Says something when somebody comes or speaks. */
  async function saying(greeting: string | undefined, answer = ''): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      if (greeting !== undefined) socket.write(greeting);
      else socket.once('data', () => socket.end(answer));
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it.each<[string, Probe, string | undefined, string, boolean]>([
    ['a Redis that takes the login', redisAnswers(LOGIN), undefined, '+OK\r\n', true],
    ['a Redis that refuses it', redisAnswers(LOGIN), undefined, '-WRONGPASS\r\n', false],
    ['a NATS with JetStream', natsAnswers, 'INFO {"x":1,"jetstream":true}\r\n', '', true],
    ['a NATS without', natsAnswers, 'INFO {"x":1}\r\n', '', false],
    ['a PostgreSQL that lets one in', postgresAnswers, undefined, 'R\0\0\0\x08\0\0\0\0', true],
    ['a PostgreSQL that starts', postgresAnswers, undefined, 'E\0\0\0\x08', false],
    ['somebody else', redisAnswers(LOGIN), undefined, '', false],
  ])('%s: %#', async (_what, probe, greeting, answer, isReady) => {
    expect(await probe(await saying(greeting, answer))).toBe(isReady);
  });

  it('is no where nobody listens', async () => {
    expect(await redisAnswers(LOGIN)(await freePort())).toBe(false);
  });
});

describe('a port that another program took', () => {
  it('gets no password: nothing is sent before the server has printed that it listens', async () => {
    const asked: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => void asked.push(bytes.toString()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const starting = startServer(
      {
        ...{ name: 'redis', stopSignal: 'SIGTERM', port, answers: redisAnswers(LOGIN), isReady: /Ready/ },
        ...{ command: '/bin/sh', args: ['-c', 'sleep 0.3; echo the port is taken; exit 1'] },
      },
      new ProcessLedger(ledgerPath),
    );
    await expect(starting).rejects.toThrow(/the port is taken/);
    expect(asked).toEqual([]);
    server.close();
  });
});

describe('a server that does not come up', () => {
  const base = { name: 'redis', stopSignal: 'SIGTERM', port: 1 } as const;

  it('is reported with what it said, and is not kept', async () => {
    const ledger = new ProcessLedger(ledgerPath);
    const args = ['-c', 'echo no such disk >&2; exit 3'];
    await expect(
      startServer({ ...base, command: '/bin/sh', args, answers: async () => false }, ledger),
    ).rejects.toMatchObject({
      code: 'servers.failed',
      message: expect.stringMatching(/ended \(3\)[\s\S]*no such disk/),
    });
    expect(JSON.parse(readFileSync(ledgerPath, 'utf8'))).toEqual([]);
  });

  it('is reported when it cannot be run at all', async () => {
    const server = { ...base, command: join(folder, 'nothing'), args: [], answers: async () => false };
    await expect(startServer(server, new ProcessLedger(ledgerPath))).rejects.toMatchObject({ code: 'servers.failed' });
  });
});

describe('processes that were left behind', () => {
  it('are ended, and others with the same id are left alone', async () => {
    const [mine, other] = [1, 2].map(() => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']));
    const gone = once(mine!, 'exit');
    try {
      new ProcessLedger(ledgerPath).add('mine', mine!.pid!);
      const entries = JSON.parse(readFileSync(ledgerPath, 'utf8')) as object[];
      const forged = { name: 'other', pid: other!.pid, startedAt: 'another boot 1' };
      writeFileSync(ledgerPath, JSON.stringify([...entries, forged, { pid: -1 }, 'nonsense']));
      expect(await new ProcessLedger(ledgerPath).endLeftovers()).toEqual(['mine']);
      await gone;
      expect(startOf(other!.pid!)).toBeDefined();
      expect(startOf(mine!.pid!)).toBeUndefined();
    } finally {
      mine!.kill('SIGKILL');
      other!.kill('SIGKILL');
    }
  });

  it('are none in a file that is none', async () => {
    writeFileSync(ledgerPath, '{"broken');
    expect(await new ProcessLedger(ledgerPath).endLeftovers()).toEqual([]);
  });
});
