import { expect, it } from 'vitest';
import { z } from 'zod';
import { ModuleRegistry } from '../../calls/registry.ts';
import { defineModule } from '../../modules/index.ts';
import type { RunRecord } from '../../store/port.ts';
import { moduleOf, Runs } from './runs.ts';

const shop = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({ page: z.coerce.number() }),
  steps: { list: z.object({}) },
}).implement({ *start() {}, steps: { list: { request: () => 'http://shop.test/', *parse() {} } } });

function record(runId: string): RunRecord {
  const input = { page: runId === 'bad' ? 'x' : '3' };
  const kept = { taskId: 't', account: 'a', platform: 'p', modules: ['shop@1.0.0'], metadata: { team: 'b' } };
  return { ...kept, runId, input } as unknown as RunRecord;
}

function open(registry = new ModuleRegistry([shop])) {
  const reads: string[] = [];
  const store = {
    findRun: async (runId: string) => {
      reads.push(runId);
      return runId === 'unknown' ? undefined : record(runId);
    },
  };
  return { reads, runs: new Runs(store, registry) };
}

it('a run is loaded once, with its modules and their checked input, however many ask for it', async () => {
  const { reads, runs } = open();
  expect(runs.kept('r')).toBeUndefined();
  const [one, other] = await Promise.all([runs.load('r'), runs.load('r')]);
  expect([one, reads]).toEqual([other, ['r']]);
  expect(runs.kept('r')).toBe(one);
  expect(moduleOf(one, 'shop@1.0.0').definition).toMatchObject({ id: 'shop@1.0.0', steps: [{ name: 'list' }] });
  expect([one.task, one.metadata]).toEqual([{ taskId: 't', runId: 'r', account: 'a', platform: 'p' }, { team: 'b' }]);
});

it('a run that was forgotten is read again', async () => {
  const { reads, runs } = open();
  await runs.load('r');
  runs.forget('r');
  await runs.load('r');
  expect(reads).toEqual(['r', 'r']);
});

it('memory is bounded, and what was dropped is read again', async () => {
  const { reads, runs } = open();
  for (let n = 0; n < 300; n++) await runs.load(`r${n}`);
  expect([runs.kept('r0'), runs.kept('r299') === undefined]).toEqual([undefined, false]);
  await runs.load('r0');
  expect(reads).toHaveLength(301);
});

it('a run that cannot be loaded says why, and is tried again', async () => {
  const { reads, runs } = open();
  for (const [runId, code] of [
    ['unknown', 'ingress.unknown_run'],
    ['bad', 'module.wrong_input'],
  ] as const) {
    await expect(runs.load(runId)).rejects.toMatchObject({ code, class: 'fatal' });
    await expect(runs.load(runId)).rejects.toMatchObject({ code });
  }
  expect(reads).toHaveLength(4);
  await expect(open(new ModuleRegistry()).runs.load('r')).rejects.toMatchObject({ code: 'module.unknown' });
});

it('a module that a run does not have is an error with those that it has', async () => {
  const run = await open().runs.load('r');
  expect(() => moduleOf(run, 'other@1.0.0')).toThrow(
    expect.objectContaining({ code: 'ingress.unknown_module', data: { modules: ['shop@1.0.0'] } }),
  );
});
