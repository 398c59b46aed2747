/** A node that ends its process dies alone; its neighbours end well. Real processes, in both modes. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ended, start } from '../crash/process.ts';
import { startDeployment } from '../fixtures/deployment/deployment.ts';
import { itemsOfRun, submitRun } from '../fixtures/deployment/runs.ts';

const MODULE = 'test/fixtures/modules/ends-process.ts';
const PAGES = 24;
const BAD = 5;
/** Leases lost among others, then alone. */
const DEATHS = 4;
/** So slow that many pages are held when one ends the process. */
const ANSWER_MS = 300;

async function site(): Promise<string> {
  const server = createServer((request, response) => {
    // The bad page comes first, while the others are held.
    setTimeout(() => response.end('page'), request.url === `/${BAD}` ? ANSWER_MS / 2 : ANSWER_MS);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const SETTINGS = {
  CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
  CATENA_LIMITS_CONCURRENCY_PER_HOST: '0',
  CATENA_ROBOTS_ENABLED: 'false',
};

const wanted = Array.from({ length: PAGES }, (_, n) => n).filter((n) => n !== BAD);

it('single-node: the page that ends the process is dead after its budget, by name, and every other page is there', async () => {
  const base = await site();
  const folder = mkdtempSync(join(tmpdir(), 'catena-suspects-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const db = join(folder, 'run.db');
  const output = join(folder, 'items.jsonl');
  const input = ['--input', `base=${base}`, '--input', `pages=${PAGES}`, '--input', `bad=${BAD}`];
  const command = ['services/catena.ts', 'run', MODULE, ...input, '--db', db, '-o', output];
  let deaths = 0;
  for (;;) {
    const end = await ended(start(command, SETTINGS), 120_000);
    if (end.signal === 'SIGKILL') {
      deaths += 1;
      expect(deaths, end.stderr).toBeLessThanOrEqual(DEATHS);
      continue;
    }
    // Some nodes failed, and the run says so.
    expect(end.code, end.stderr).toBe(3);
    break;
  }
  expect(deaths).toBe(DEATHS);
  const lines = readFileSync(output, 'utf8').trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { n: number }).n).sort((one, other) => one - other)).toEqual(wanted);
  const show = start(['services/catena.ts', 'show', 'last', '--db', db]);
  let shown = '';
  show.stdout!.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
  });
  await once(show, 'close');
  expect(shown).toContain('execution.ends_process');
  expect(shown).toMatch(
    /lost 4 leases, the last 2 while it was executed alone in its process: it is what ends the process/,
  );
}, 300_000);

it('services: each process that dies is restarted, and only the page that ends it is dead', async () => {
  const base = await site();
  const env = { ...SETTINGS, CATENA_LEASE_MS: '3000', CATENA_SWEEP_INTERVAL_MS: '200' };
  const deployment = await startDeployment({ modules: [MODULE], services: ['all'], env });
  onTestFinished(() => deployment.stop());
  const [first] = deployment.services;
  const runId = await submitRun(deployment, 'ends-process@1.0.0', { base, pages: PAGES, bad: BAD });
  let deaths = 0;
  let process = first!;
  const items = async () => (await itemsOfRun(deployment, runId)).map((item) => (JSON.parse(item) as { n: number }).n);
  for (; deaths < DEATHS; deaths++) {
    await once(process.child, 'close');
    process = await deployment.start('all', first!.port);
  }
  await expect.poll(async () => (await deployment.ingress.getRun({ runId })).run?.end?.dead, PATIENT).toBe(1);
  expect((await items()).sort((one, other) => one - other)).toEqual(wanted);
  const { deadLetters } = await deployment.ingress.listDeadLetters({ runId });
  expect(deadLetters).toMatchObject([{ reason: 'crashed', crashes: DEATHS }]);
  expect(JSON.parse(Buffer.from(deadLetters[0]!.error).toString())).toMatchObject({ code: 'execution.ends_process' });
  expect(process.child.exitCode).toBeNull();
}, 400_000);

const PATIENT = { timeout: 200_000, interval: 200 };
