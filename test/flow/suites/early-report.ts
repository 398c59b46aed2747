/** A report on what there is, and the whole one when the rest has come, in either mode. */
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { computeStep, defineModule, fetchStep } from '../../../libs/modules/index.ts';
import { startServer } from '../../../services/downloader/http/loopback.fixture.ts';
import { ended, type FlowMode, type FlowNode, QUICK, submit } from '../../fixtures/flow.ts';

/** What has arrived is stored every two seconds, so the early report of a test is a little later. */
const EARLY_MS = 2_500;
const SECONDS = 1_000;
/** Until a preliminary report stands, however slow the machine is. */
const UNTIL_THEN = { timeout: 60 * SECONDS, interval: 20 };

interface Report {
  readonly revision: number;
  readonly isEarly: boolean;
  readonly answers: readonly string[];
  readonly partials: readonly string[];
  readonly pages: number;
}

/** Asks every question, looks at a page per answer, and reports. `fails`: an early digest says that the module has failed. */
const briefing = (atMs: number, fails = false) =>
  defineModule({
    name: 'briefing',
    version: '1.0.0',
    input: z.object({ origin: z.string(), questions: z.array(z.string()) }),
    steps: {
      ask: z.object({ question: z.string() }),
      // An early digest waits for its partial texts: a test must not depend on how fast they are stored.
      digest: computeStep(undefined, { retry: { attempts: 1_000, baseDelayMs: 20, maxDelayMs: 50 } }),
      each: computeStep(z.object({ answer: z.string() })),
      page: fetchStep(z.object({ answer: z.string() })),
      report: computeStep(),
    },
    items: {
      answer: z.string(),
      seen: z.object({ answer: z.string(), of: z.number(), isEarly: z.boolean() }),
      page: z.string(),
      partial: z.string(),
      report: z.object({
        revision: z.number(),
        isEarly: z.boolean(),
        answers: z.array(z.string()),
        partials: z.array(z.string()),
        pages: z.number(),
      }),
    },
    phases: [{ steps: ['ask'], share: 0.5 }, ['digest', 'each'], ['page'], ['report']],
    early: { atMs },
  }).implement({
    *start({ go, input }) {
      for (const question of input.questions) yield go.ask({ question });
    },
    steps: {
      ask: {
        request: ({ input, state }) => ({ url: `${input.origin}/ask/${state.question}`, partial: true }),
        *parse({ put, text }) {
          yield put.answer(text);
        },
      },
      digest: {
        async *run({ items, partials, isEarly, go, put, retry, fail }) {
          if (isEarly && fails) {
            yield fail('too little has come');
            return;
          }
          const texts = (await Array.fromAsync(partials())).map(({ step, state, text }) => {
            return `${step} ${(state as { question: string }).question}: ${text}`;
          });
          if (isEarly && texts.length === 0) {
            yield retry('nothing has arrived yet', { afterMs: 20 });
            return;
          }
          for (const text of texts) yield put.partial(text);
          for await (const answer of items('answer')) {
            yield go.each({ answer });
            yield go.page({ answer });
          }
        },
      },
      each: {
        async *run({ state, items, isEarly, put }) {
          const answers = await Array.fromAsync(items('answer'));
          yield put.seen({ answer: state.answer, of: answers.length, isEarly });
        },
      },
      page: {
        request: ({ input, state }) => `${input.origin}/page/${state.answer}`,
        *parse({ put, text }) {
          yield put.page(text);
        },
      },
      report: {
        async *run({ items, put, revision, isEarly }) {
          const answers = (await Array.fromAsync(items('answer'))).sort();
          const partials = await Array.fromAsync(items('partial'));
          const pages = (await Array.fromAsync(items('page'))).length;
          yield put.report({ revision, isEarly, answers, partials, pages });
        },
      },
    },
  });

type Briefing = ReturnType<typeof briefing>;

/** Answers `quick` at once; of any other question it sends the beginning, and the rest when it is told to. */
async function site() {
  const whole = Promise.withResolvers<void>();
  const asked: string[] = [];
  const { origin } = await startServer(async (request, response) => {
    const [, kind, name] = request.url!.split('/');
    asked.push(`${kind} ${name}`);
    if (kind === 'page' || name === 'quick') {
      response.end(name);
      return;
    }
    // The second time nothing arrives before the end.
    if (asked.filter((each) => each === `ask ${name}`).length === 1) response.write('first ha');
    await whole.promise;
    response.end(asked.filter((each) => each === `ask ${name}`).length === 1 ? 'lf' : 'first half');
  });
  return { origin, asked, finish: () => whole.resolve() };
}

async function reportsOf(node: FlowNode, runId: string, withReplaced: boolean): Promise<Report[]> {
  const rows = await node.store.readItems({ runId, afterSeq: 0, limit: 1_000, type: 'report', withReplaced });
  return rows.map(({ data, revision }) => {
    const report = JSON.parse(data) as Report;
    expect(report.revision, 'the revision of the item').toBe(revision);
    return report;
  });
}

function preliminary(node: FlowNode, runId: string): Promise<Report> {
  return vi.waitFor(async () => {
    const [report] = await reportsOf(node, runId, false);
    expect(report).toBeDefined();
    return report!;
  }, UNTIL_THEN);
}

const PRELIMINARY = {
  ...{ revision: 1, isEarly: true, answers: ['quick'], pages: 1 },
  partials: ['ask slow: first ha'],
};
const FINAL = { revision: 2, isEarly: false, answers: ['first half', 'quick'], partials: [], pages: 2 };
const QUESTIONS = ['quick', 'slow'];

export function describeEarlyReport(mode: FlowMode): void {
  const timeoutMs = 90 * SECONDS;

  const startWith = async (module: Briefing) => {
    const place = await mode.newPlace();
    return { place, node: await place.start([module], QUICK) };
  };

  describe('a module that opens early', () => {
    it(
      'reports on what has come, then on all; readers get the newest report, sinks get both',
      async () => {
        const module = briefing(EARLY_MS * mode.slowness);
        const { node } = await startWith(module);
        const { origin, asked, finish } = await site();
        const runId = await submit(node, module, { origin, questions: QUESTIONS });
        expect(await preliminary(node, runId)).toEqual(PRELIMINARY);
        expect((await node.coordinator.findRun(runId))!.modules[0]).toMatchObject({ state: 'open', currentPhase: 0 });
        expect((await node.store.findRun(runId))!.state).toBe('open');
        finish();
        const { end, items } = await ended(node, runId);
        expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
        for (const look of ['now', 'again']) {
          expect(await reportsOf(node, runId, false), look).toEqual([FINAL]);
          expect(await reportsOf(node, runId, true), look).toEqual([PRELIMINARY, FINAL]);
        }
        expect(items).toContainEqual({ answer: 'quick', of: 2, isEarly: false });
        expect(items).not.toContainEqual(expect.objectContaining({ isEarly: true }));
        expect(asked.toSorted()).toEqual(['ask quick', 'ask slow', 'page first%20half', 'page quick']);
      },
      timeoutMs,
    );

    it(
      'keeps what has arrived over a restart, also when the next attempt has received less',
      async () => {
        const module = briefing(2 * EARLY_MS * mode.slowness);
        const { place, node } = await startWith(module);
        const { origin, finish } = await site();
        const runId = await submit(node, module, { origin, questions: QUESTIONS });
        const query = { runId, moduleId: module.id, beforePhase: 1, limit: 10, after: '' };
        await vi.waitFor(async () => expect(await node.store.listPartials(query)).toHaveLength(1), UNTIL_THEN);
        await node.stop();
        const next = await place.start([module], QUICK);
        expect(await preliminary(next, runId)).toEqual(PRELIMINARY);
        finish();
        await ended(next, runId);
        expect(await reportsOf(next, runId, false)).toEqual([FINAL]);
        expect(await next.store.listPartials(query)).toEqual([]);
      },
      timeoutMs,
    );

    it(
      'a restart between the two reports leaves the first, and brings the second',
      async () => {
        const module = briefing(EARLY_MS * mode.slowness);
        const { place, node } = await startWith(module);
        const { origin, finish } = await site();
        const runId = await submit(node, module, { origin, questions: QUESTIONS });
        await preliminary(node, runId);
        await node.stop();
        const next = await place.start([module], QUICK);
        expect(await reportsOf(next, runId, false)).toEqual([PRELIMINARY]);
        finish();
        await ended(next, runId);
        expect(await reportsOf(next, runId, true)).toEqual([PRELIMINARY, FINAL]);
      },
      timeoutMs,
    );

    it('reports once when everything has come before, or when the deadline comes first', async () => {
      const module = briefing(60 * SECONDS);
      const { node } = await startWith(module);
      const { origin, finish } = await site();
      const inTime = await ended(node, await submit(node, module, { origin, questions: ['quick'] }));
      expect(await reportsOf(node, inTime.runId, true)).toMatchObject([{ revision: 1, isEarly: false, pages: 1 }]);
      const late = await ended(
        node,
        await submit(node, module, { origin, questions: QUESTIONS }, { deadlineMs: 500 * mode.slowness }),
      );
      expect(await reportsOf(node, late.runId, true)).toMatchObject([{ revision: 1, isEarly: false }]);
      finish();
    });

    it('does not fail as a whole because an early step says so', async () => {
      const module = briefing(100, true);
      const { node } = await startWith(module);
      const { origin, finish } = await site();
      const runId = await submit(node, module, { origin, questions: QUESTIONS });
      expect(await preliminary(node, runId)).toMatchObject({ revision: 1, isEarly: true, partials: [] });
      finish();
      const { end } = await ended(node, runId);
      expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
      expect(await reportsOf(node, runId, false)).toMatchObject([{ revision: 2, isEarly: false, pages: 2 }]);
    });
  });
}
