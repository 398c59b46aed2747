import { expect, it } from 'vitest';
import { z } from 'zod';
import { computeStep, defineModule } from '../index.ts';

const judging = defineModule({
  name: 'judging',
  version: '1.0.0',
  input: z.object({ reason: z.string() }),
  steps: { judge: computeStep() },
  items: { note: z.object({ text: z.string() }) },
}).implement({
  *start({ go }) {
    yield go.judge();
  },
  steps: {
    judge: {
      *run({ put, fail, input }) {
        yield put.note({ text: 'before' });
        yield fail(input.reason);
        yield put.note({ text: 'after' });
      },
    },
  },
});

it('a step that fails its module keeps what it puts, and tells its reason', async () => {
  const { items, failed } = await judging.test('judge', { input: { reason: 'nothing came' } });
  expect(items.map(({ data }) => data.text)).toEqual(['before', 'after']);
  expect(failed).toBe('nothing came');
});

it('a module cannot be failed without a reason', async () => {
  await expect(judging.test('judge', { input: { reason: '' } })).rejects.toMatchObject({
    code: 'module.wrong_argument',
  });
});
