/** How a diagnosis stands in the database, and what it lets go of. */
import { expect, it, vi } from 'vitest';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { startNode, submit } from '../fixtures/flow.ts';
import { scratchDatabase } from '../fixtures/single-mode.ts';
import { dataOf, endOf, killedRun } from './killed-runs.ts';
import { registryOf } from './models.ts';
import type { Behaviour } from './provider.ts';
import { KEY, provider } from './scene.ts';

it('the rows of a step are written in one transaction, of which a kill leaves all or nothing (B34)', async () => {
  const run = await killedRun(() => 'whole');
  const mentions = async () => dataOf((await run.stored()).items, 'mention').length;
  expect(await endOf(run.start('detail:items.after_write:1'))).toBe('SIGKILL');
  expect(await mentions()).toBe(0);
  expect(await endOf(run.start('detail:transaction.before_commit:1'))).toBe('SIGKILL');
  expect(await mentions()).toBe(0);
  expect(await endOf(run.start('detail:transaction.after_commit:1'))).toBe('SIGKILL');
  // Two brands in each of six answers.
  expect(await mentions()).toBe(12);
});

it.each<[Behaviour, string]>([
  ['whole', 'completed'],
  ['server_error', 'failed'],
  ['disconnect', 'failed'],
  ['unfinished', 'past its deadline'],
  ['hang', 'past its deadline'],
  ['hang', 'cancelled'],
])('every connection is released when answers are %s and the run is %s (B36)', async (behaviour, how) => {
  const { baseUrl, calls, connections } = await provider(() => behaviour);
  const module = defineDiagnosis({ registry: () => registryOf(baseUrl, ['qwen', 'zhipu']) });
  const path = scratchDatabase();
  const node = startNode([module], { 'store.path': path });
  await node.store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
  const input = {
    brand: '云步',
    questions: ['推荐几款跑鞋'],
    models: ['qwen', 'zhipu'],
    maxSources: 0,
    reserveMs: 500,
  };
  const runId = await submit(node, module, input, how === 'past its deadline' ? { deadlineMs: 1_500 } : {});
  if (how === 'cancelled') {
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    await node.cancel(runId);
  }
  await node.closed(runId);
  await node.stop();
  await vi.waitFor(async () => expect(await connections()).toBe(0));
  // The file takes a second process only when the first has let it go.
  new SqliteDatabase({ path }).close();
});
