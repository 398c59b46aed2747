import { expect, it } from 'vitest';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import { failuresSoFar, nodeFailure, RunFailures, thresholdDetail } from './run-failures.ts';

const error = (changes: object = {}) =>
  JSON.stringify({
    code: 'parse.threw',
    class: 'fatal',
    message: 'it threw',
    data: { at: '/shop.ts:1:2' },
    stage: 'parser',
    causes: [],
    ...changes,
  });

const node = (changes: Partial<ChainNode> = {}): ChainNode => ({
  ...{
    id: 'n',
    runId: 'r',
    moduleId: 'm@1.0.0',
    phase: 0,
    kind: 'request',
    stepIdx: 2,
    prefixRequest: '',
    limitKey: '',
  },
  ...{ body: '{"url":"http://a.test/1"}', state: 'dead', epoch: 0, attempts: 1, crashes: 0, dispatches: 0, owner: '' },
  ...{ token: '', dueAtMs: 0, error: error(), deathReason: 'failed', committedToken: '', revision: 1, isEarly: false },
  ...changes,
});

it('sums up what died and what waits for another try, and nothing that only a mark, a deadline or a fallback ended', () => {
  const failures = failuresSoFar([
    node(),
    node({ id: 'o', state: 'retry', deathReason: '' }),
    node({ id: 'p', state: 'failed', deathReason: '', body: '{"url":"http://a.test/3"}' }),
    node({ state: 'retry', deathReason: '', error: '' }),
    node({ state: 'processing', deathReason: '' }),
    node({ deathReason: 'superseded' }),
    node({ deathReason: 'terminated', error: '' }),
    node({ deathReason: 'crashed', crashes: 4, error: '' }),
  ]);
  const kind = { moduleId: 'm@1.0.0', stepIdx: 2, nodeId: 'n', url: 'http://a.test/1' };
  expect(failures).toEqual([
    { ...kind, code: 'parse.threw', message: 'it threw', at: '/shop.ts:1:2', count: 3 },
    { ...kind, code: 'execution.ends_process', message: expect.stringContaining('alone in its process'), count: 1 },
  ]);
});

it('keeps twenty kinds, and cuts their messages', () => {
  const failures = new RunFailures();
  for (let line = 0; line < 30; line += 1) {
    const record = node({ error: error({ data: { at: `/shop.ts:${line}:1` }, message: 'x'.repeat(9_000) }) });
    failures.add({ ...record, nodeId: record.id, reason: record.deathReason });
  }
  expect(failures.list()).toHaveLength(20);
  expect(failures.list()[0]!.message.length).toBeLessThan(600);
});

it('takes a hop without a URL, and a failure without a line', () => {
  const hop = node({ kind: 'hop', body: '{"state":{}}', error: error({ data: {} }) });
  expect(nodeFailure({ ...hop, nodeId: hop.id, reason: 'failed' })).toMatchObject({ at: undefined, url: undefined });
});

it('says what reached a threshold, and leaves every other reason alone', () => {
  const [first] = failuresSoFar([node()]);
  expect(thresholdDetail('threshold: 20 errors in 20 executions', [first!])).toBe(
    'threshold: 20 errors in 20 executions; 1 × parse.threw: it threw',
  );
  expect(thresholdDetail('threshold: 20 errors in 20 executions', [])).toBe('threshold: 20 errors in 20 executions');
  expect(thresholdDetail('nothing was answered', [first!])).toBe('nothing was answered');
});
