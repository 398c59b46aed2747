import { expect, it } from 'vitest';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { Log } from '../../telemetry/log.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { LoadedRun } from '../run/runs.ts';
import { GrowthWatch } from './growth-watch.ts';

const definition = { steps: [{ name: 'list' }, { name: 'detail' }] };
const run = { record: { runId: 'r' }, modules: new Map([['m@1', { definition }]]) } as unknown as LoadedRun;
const page = (stepIdx = 0, kind = 'request', runId = 'r') => ({ runId, moduleId: 'm@1', stepIdx, kind }) as ChainNode;

function watched() {
  const told: unknown[] = [];
  const log: Log = { ...silentLog, warn: (text, fields) => told.push([text, fields]) };
  const watch = new GrowthWatch(log);
  const pages = (count: number, node = page(), outcome = { items: 0, created: 2 }): void => {
    for (let at = 0; at < count; at++) watch.note(run, node, outcome);
  };
  return { told, pages };
}

it('names a step once whose pages lead to more hops a thousand times without an item', () => {
  const { told, pages } = watched();
  pages(999);
  expect(told).toEqual([]);
  pages(2_001);
  expect(told).toEqual([
    [
      expect.stringContaining('step "list" grows without new items'),
      { run_id: 'r', module_id: 'm@1', step: 'list', pages: 1_000 },
    ],
  ]);
});

it('counts from the start again when the run got an item, from whatever step', () => {
  const { told, pages } = watched();
  pages(999);
  pages(1, page(1), { items: 1, created: 0 });
  pages(999);
  expect(told).toEqual([]);
});

it('does not count pages without new hops, hops, and pages of other steps and runs', () => {
  const { told, pages } = watched();
  pages(999);
  pages(5_000, page(), { items: 0, created: 0 });
  pages(5_000, page(0, 'hop'));
  pages(999, page(1));
  pages(999, page(0, 'request', 'other'));
  expect(told).toEqual([]);
});
