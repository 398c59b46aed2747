import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from './status-api/clients.ts';
import { startBenchServer } from './status-api/server.ts';
import { storeRuns, USER } from './status-api/stored-runs.ts';

const FOR_MS = 300;
/** What is measured here shares two cores with everything: `npm run bench:api` holds the goals themselves. */
const SLACK = 10;

it('single answers stay near their goals, and ten clients are answered in time (B38, B42)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'catena-bench-api-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'runs.db');
  const ids = await storeRuns(path, 300);
  expect(new Set(ids).size).toBe(300);
  const server = await startBenchServer(path, folder);
  onTestFinished(() => server.stop());
  const some = (): string => ids[Math.floor(Math.random() * ids.length)] ?? '';
  const lookup = await ask(server.url, 1, FOR_MS, () => `/api/test-progress?executionId=${some()}`);
  const full = await ask(server.url, 1, FOR_MS, () => `/api/deep-intelligence/${some()}`);
  const polls = await ask(server.url, 10, FOR_MS, () => `/test/status/${some()}`);
  const page = await ask(server.url, 1, FOR_MS, () => `/api/test-history?userOpenid=${USER}&limit=20`);
  expect([lookup, full, polls, page].map(({ refused }) => refused)).toEqual([0, 0, 0, 0]);
  expect(lookup.p50Ms).toBeLessThan(10 * SLACK);
  expect(full.p50Ms).toBeLessThan(50 * SLACK);
  expect(polls.p50Ms).toBeLessThan(100 * SLACK);
}, 60_000);
