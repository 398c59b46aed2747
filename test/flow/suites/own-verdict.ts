/** Modules that end themselves as failed, and steps that say how many of their requests a run may have under way. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { computeStep, defineModule } from '../../../libs/modules/index.ts';
import { startServer } from '../../../services/downloader/http/loopback.fixture.ts';
import { ended, type FlowMode, run, startIn, submit } from '../../fixtures/flow.ts';

/** Reports, and fails after it unless all is well; a last phase that a failed module never comes to. */
const judging = defineModule({
  name: 'judging',
  version: '1.0.0',
  input: z.object({ well: z.boolean().default(false) }),
  steps: { report: computeStep(), after: computeStep() },
  items: { note: z.object({ text: z.string() }) },
  phases: [['report'], ['after']],
}).implement({
  *start({ go }) {
    yield go.report();
  },
  steps: {
    report: {
      *run({ put, fail, input }) {
        yield put.note({ text: 'the report' });
        if (!input.well) yield fail('nothing was answered');
        if (!input.well) yield fail('a second reason');
        yield put.note({ text: 'its end' });
      },
    },
    after: {
      *run({ put }) {
        yield put.note({ text: 'a later phase' });
      },
    },
  },
});

const asking = defineModule({
  name: 'asking',
  version: '1.0.0',
  input: z.object({ origin: z.string(), atOnce: z.number() }),
  steps: { ask: z.object({ n: z.number() }) },
  items: { answer: z.object({ n: z.number() }) },
}).implement({
  *start({ go }) {
    for (let n = 0; n < 12; n++) yield go.ask({ n });
  },
  steps: {
    ask: {
      request: ({ input, state }) => `${input.origin}/${input.atOnce}/${state.n}`,
      concurrency: ({ input }) => input.atOnce,
      *parse({ put, state }) {
        yield put.answer({ n: state.n });
      },
    },
  },
});

export function describeOwnVerdicts(mode: FlowMode): void {
  describe('a module that fails itself (X6)', () => {
    it('ends its run as terminated, with its reason; what it put before is kept', async () => {
      const node = await startIn(mode, [judging]);
      const { end, items, deadLetters } = await run(node, judging);
      expect(end).toMatchObject({ finishReason: 'terminated', detail: 'nothing was answered' });
      expect(items).toEqual([{ text: 'its end' }, { text: 'the report' }]);
      expect(deadLetters).toMatchObject([{ reason: 'terminated', stepIdx: -2 }]);
    });

    it('and does not, ends well', async () => {
      const node = await startIn(mode, [judging]);
      const { end, items, deadLetters } = await run(node, judging, { well: true });
      expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
      expect(items).toHaveLength(3);
      expect(deadLetters).toEqual([]);
    });
  });

  describe('the concurrency of a step in a run (B21)', () => {
    it('is kept, and each run has its own', async () => {
      const [now, most] = [new Map<string, number>(), new Map<string, number>()];
      const { origin } = await startServer((request, response) => {
        const [, ofRun = ''] = (request.url ?? '').split('/');
        now.set(ofRun, (now.get(ofRun) ?? 0) + 1);
        most.set(ofRun, Math.max(most.get(ofRun) ?? 0, now.get(ofRun) ?? 0));
        setTimeout(() => {
          now.set(ofRun, (now.get(ofRun) ?? 0) - 1);
          response.end('ok');
        }, 100);
      });
      const node = await startIn(mode, [asking]);
      const runs = await Promise.all([2, 5].map((atOnce) => submit(node, asking, { origin, atOnce })));
      for (const runId of runs) expect((await ended(node, runId)).items).toHaveLength(12);
      expect([...most].sort()).toEqual([
        ['2', 2],
        ['5', 5],
      ]);
    });

    it('that is no number ends the run before its first request, with the reason', async () => {
      const node = await startIn(mode, [asking]);
      const { end, deadLetters } = await run(node, asking, { origin: 'http://127.0.0.1:9', atOnce: 0.5 });
      expect(end).toMatchObject({
        finishReason: 'rejected',
        detail: expect.stringContaining('the concurrency of step'),
      });
      expect(deadLetters).toEqual([]);
    });
  });
}
