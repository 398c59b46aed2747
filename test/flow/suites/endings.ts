/** How runs end otherwise than well, in either mode. */
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { computeStep, defineModule } from '../../../libs/modules/index.ts';
import { codeOf, ended, type FlowMode, inFlight, run, startIn, submit } from '../../fixtures/flow.ts';
import wrongHop from '../../fixtures/modules/wrong-hop.ts';
import wrongItem from '../../fixtures/modules/wrong-item.ts';

/** Pieces of work, some of which fail, hang until they are no longer wanted, or both; then a report on what there is. */
function workWith(attempts: number) {
  return defineModule({
    name: 'work',
    version: '1.0.0',
    input: z.object({
      good: z.number().default(0),
      failing: z.number().default(0),
      hanging: z.number().default(0),
    }),
    steps: {
      piece: computeStep(z.object({ kind: z.enum(['good', 'failing', 'hanging']), n: z.number() }), {
        retry: { attempts },
      }),
      report: computeStep(),
    },
    items: {
      piece: z.object({ n: z.number() }),
      report: z.object({ pieces: z.number(), failures: z.array(z.string()) }),
    },
    phases: [{ steps: ['piece'], share: 0.5 }, ['report']],
  }).implement({
    *start({ go, input }) {
      for (const kind of ['good', 'failing', 'hanging'] as const) {
        for (let n = 0; n < input[kind]; n++) yield go.piece({ kind, n });
      }
    },
    steps: {
      piece: {
        async *run({ put, state, signal }) {
          yield put.piece({ n: state.n });
          if (state.kind === 'failing') throw new Error(`piece ${state.n} is broken`);
          if (state.kind === 'hanging') await hang(signal);
        },
      },
      report: {
        async *run({ items, failures, put }) {
          let pieces = 0;
          for await (const _ of items('piece')) pieces += 1;
          const reasons: string[] = [];
          for await (const { reason } of failures()) reasons.push(reason);
          yield put.report({ pieces, failures: reasons });
        },
      },
    },
  });
}

const work = workWith(2);
/** No piece of it fails for the last time before a threshold of nine errors is reached. */
const tenacious = workWith(10);

/** Hands out what hangs, so that a test can let it go. */
const letGo: (() => void)[] = [];

function hang(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    letGo.push(resolve);
    signal.addEventListener('abort', () => resolve());
  });
}

function releaseAll(): void {
  for (const resolve of letGo.splice(0)) resolve();
}

export function describeEndings(mode: FlowMode): void {
  describe('failures', () => {
    it('end in dead letters, each with its reason, body and history; the run completes', async () => {
      const { end, items, deadLetters } = await run(await startIn(mode, [work]), work, { good: 3, failing: 2 }, {});
      expect(end).toMatchObject({ finishReason: 'completed', dead: 2, items: 4 });
      expect(items).toContainEqual({ pieces: 3, failures: ['failed', 'failed'] });
      const told = deadLetters.map((letter) => ({
        reason: letter.reason,
        attempts: letter.attempts,
        code: codeOf(letter),
        state: (JSON.parse(letter.body) as { state: { n: number } }).state.n,
        message: (JSON.parse(letter.error) as { message: string }).message,
      }));
      expect(told.sort((one, other) => one.state - other.state)).toMatchObject(
        [0, 1].map((n) => ({
          reason: 'failed',
          attempts: 2,
          code: 'compute.threw',
          state: n,
          message: expect.stringContaining(`piece ${n} is broken`),
        })),
      );
    });

    it.each([
      [wrongItem, 'module.wrong_item'],
      [wrongHop, 'module.wrong_state'],
    ])('of one node take nothing else along', async (module, code) => {
      const { end, items, deadLetters } = await run(await startIn(mode, [module]), module, {});
      expect(end).toMatchObject({ finishReason: 'completed', dead: 1 });
      expect([items.length, deadLetters.map(codeOf)]).toEqual([2, [code]]);
    });

    it('beyond a threshold end the module, and what it still had is told', async () => {
      const node = await startIn(mode, [tenacious], { 'thresholds.module_errors': 5, task_concurrency: 1 });
      const { end, deadLetters } = await run(node, tenacious, { good: 2, failing: 200 });
      expect(end).toMatchObject({
        finishReason: 'terminated',
        detail: expect.stringMatching(/threshold: [5-9] errors/),
      });
      expect(end.done + end.dead).toBe(203);
      const reasons = new Set(deadLetters.map(({ reason }) => reason));
      expect([...reasons]).toEqual(['terminated']);
      expect(deadLetters.length).toBe(end.dead);
    });

    it('by their share end the module too', async () => {
      const settings = { 'thresholds.module_rate': 0.5, 'thresholds.module_min_executions': 10 };
      const { end } = await run(await startIn(mode, [work], settings), work, { failing: 30 });
      expect(end.finishReason).toBe('terminated');
    });
  });

  describe('a deadline', () => {
    it('closes a phase at its share, and the next one runs on what there is', async () => {
      const node = await startIn(mode, [work]);
      const { end, items, deadLetters } = await run(
        node,
        work,
        { good: 5, hanging: 3 },
        { deadlineMs: 500 * mode.slowness },
      );
      releaseAll();
      expect(end).toMatchObject({ finishReason: 'deadline', dead: 3 });
      expect(items.filter((item) => 'pieces' in (item as object))).toMatchObject([{ pieces: 5 }]);
      expect(deadLetters.map(({ reason }) => reason)).toEqual([
        'deadline_exceeded',
        'deadline_exceeded',
        'deadline_exceeded',
      ]);
    });

    it('that is not reached changes nothing', async () => {
      const { end } = await run(await startIn(mode, [work]), work, { good: 5 }, { deadlineMs: 60_000 });
      expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
    });
  });

  describe('a cancelled run', () => {
    it('ends, keeps the items that it has, and commits nothing more', async () => {
      const node = await startIn(mode, [work]);
      const runId = await submit(node, work, { good: 3, hanging: 4 });
      await vi.waitFor(async () => expect(await node.store.countItems(runId)).toBe(3), { interval: 5 });
      await node.coordinator.runControl({ runId, action: 'cancel' });
      const { end, items, deadLetters } = await ended(node, runId);
      expect(end).toMatchObject({ finishReason: 'cancelled', dead: 4, items: 3 });
      releaseAll();
      await vi.waitFor(() => expect(inFlight(node)).toBe(0), { interval: 5 });
      expect(await node.store.countItems(runId)).toBe(items.length);
      expect(new Set(deadLetters.map(({ reason }) => reason))).toEqual(new Set(['cancelled']));
    });

    it('is not taken for another run of the same work', async () => {
      const node = await startIn(mode, [work]);
      const runId = await submit(node, work, { good: 2, hanging: 1 });
      await node.coordinator.runControl({ runId, action: 'cancel' });
      const other = await run(node, work, { good: 2 });
      releaseAll();
      expect(other.end).toMatchObject({ finishReason: 'completed', items: 3 });
    });
  });

  describe('a run that cannot begin', () => {
    it('is rejected with the reason: its module does not take its input', async () => {
      const node = await startIn(mode, [work]);
      const wrong = await run(node, work, { good: 'many' });
      expect(wrong.end).toMatchObject({ finishReason: 'rejected', detail: expect.stringContaining('good') });
      expect((await run(node, work, { good: 1 })).end.finishReason).toBe('completed');
    });
  });
}
