import { expect, it } from 'vitest';
import { z } from 'zod';
import { computeStep, defineModule } from '../../libs/modules/index.ts';
import { ended, run, startNode, submit } from '../fixtures/flow.ts';
import { tree, UNDISTURBED } from '../fixtures/modules/tree.ts';
import { inFile, scratchDatabase } from '../fixtures/single-mode.ts';
import { describeResume, itemsReach } from './suites/resume.ts';

const other = defineModule({
  name: 'other',
  version: '1.0.0',
  input: z.object({}),
  steps: { one: computeStep() },
}).implement({
  *start({ go }) {
    yield go.one();
  },
  steps: { one: { *run() {} } },
});

describeResume(inFile);

// WakeUps that a broker kept come to whoever asks: there a process without the module records their failure.
it('a run whose module is not loaded is left as it is, and others go on beside it', async () => {
  const place = await inFile.newPlace();
  const first = await place.start([tree]);
  const runId = await submit(first, tree);
  await itemsReach(first, runId, 10);
  await first.stop();

  const second = await place.start([other]);
  expect((await run(second, other)).end).toMatchObject({ finishReason: 'completed', done: 2 });
  expect(await second.coordinator.findRun(runId)).toMatchObject({
    state: 'open',
    modules: [{ state: 'open', errors: 0 }],
  });
  await second.stop();

  const third = await place.start([tree]);
  const { items, end } = await ended(third, runId);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  expect(items).toEqual(UNDISTURBED);
});

// A file belongs to one process; servers are there for many.
it('a second node on the same file is refused, and the first goes on', async () => {
  const path = scratchDatabase();
  const first = startNode([tree], { 'store.path': path });
  const runId = await submit(first, tree);
  expect(() => startNode([tree], { 'store.path': path })).toThrow(expect.objectContaining({ code: 'store.locked' }));
  expect((await ended(first, runId)).end).toMatchObject({ finishReason: 'completed' });
});
