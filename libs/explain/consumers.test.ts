import { expect, it } from 'vitest';
import type { ProcessInfo } from '../bus/process-info.ts';
import type { ChainNode } from '../coordination/protocol/node.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import { missingConsumers } from './consumers.ts';

const open = { paused: false, mark: '' } as RunSnapshot;
const node = (kind: ChainNode['kind'], state: ChainNode['state'], moduleId = 'shop@1.0.0') =>
  ({ kind, state, moduleId }) as ChainNode;
const host = (name: string, stages: readonly string[], modules: readonly string[] = ['shop@1.0.0']): ProcessInfo => ({
  ...{ id: name, name, stages, modules, queuesLocally: false, startedAtMs: 0 },
});
const all = host('all@a:1', ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold']);

it.each([
  [node('request', 'pending'), ['downloader']],
  [node('request', 'fetched'), ['parser']],
  [node('request', 'failed'), ['error-threshold']],
  [node('hop', 'pending'), ['ingress', 'module-processor']],
  [node('hop', 'retry'), ['ingress', 'module-processor']],
  [node('request', 'processing'), []],
])('names the stages that nobody hosts for %o', (waiting, stages) => {
  const reasons = missingConsumers(open, [waiting], [host('none@a:1', [])]);
  expect(reasons.map(({ code, text }) => [code, /waits for (\S+), but/.exec(text)![1]])).toEqual(
    stages.map((stage) => ['no_consumer', stage]),
  );
});

it('names the module that no process of a stage serves, who was asked, and what those have', () => {
  const newer = host('parser@b:2', ['parser'], ['shop@2.0.0']);
  expect(missingConsumers(open, [node('request', 'fetched'), node('request', 'fetched')], [newer])).toEqual([
    {
      code: 'module_not_served',
      moduleId: 'shop@1.0.0',
      nodes: 2,
      text: '2 nodes wait for parser with shop@1.0.0, but none that runs has it (parser@b:2: shop@2.0.0): start one with that version.',
    },
  ]);
});

it('says nothing when all is served, when the run is paused or ended, and when the processes are not known', () => {
  const nodes = [node('request', 'pending'), node('hop', 'pending')];
  expect(missingConsumers(open, nodes, [all])).toEqual([]);
  expect(missingConsumers({ ...open, paused: true }, nodes, [])).toEqual([]);
  expect(missingConsumers({ ...open, mark: 'cancelled' }, nodes, [])).toEqual([]);
  expect(missingConsumers(open, nodes, undefined)).toEqual([]);
});
