/**
 * The module `brand-diagnosis`: `ask` puts every question to every model, `spend` decides which of them `again` asks once more, `rank`
 * reads the answers and counts, `detail` writes what each says, a part of the questions at a time, while `trace` fetches the pages that they
 * cite; `report` writes the result. A failure is a row with its error, never a missing row.
 *
 * While calls are under way, the steps from `rank` on run once early, on what has been said by then; the last report replaces that one.
 */
import { z } from 'zod';
import { type Clock, systemClock } from '../../clock/clock.ts';
import type { GivenUp, Page } from '../../modules/contract/definition.ts';
import { computeStep, defineModule, fetchStep, type Yieldable } from '../../modules/index.ts';
import { fold } from '../extraction/fold.ts';
import { brandMatcher, findMentions } from '../extraction/match-brands.ts';
import { registrableDomain } from '../extraction/normalise-url.ts';
import type { AnswerRow } from '../figures/answer-row.ts';
import {
  ANSWERS_OF_ALL_RUNS,
  type AskState,
  askState,
  callRequest,
  costOfReply,
  givenUpError,
  hasTimeForMore,
  readReply,
  stepAfter,
} from './ask.ts';
import { answeredRow, failedRow, reportedCalls } from './call-rows.ts';
import { addSpent } from './cost.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import {
  type CallItem,
  callItem,
  citedItem,
  figuresItem,
  furtherItem,
  mentionItem,
  modelFiguresItem,
  questionFiguresItem,
  reportItem,
  sourceItem,
} from './items.ts';
import { planCalls } from './plan.ts';
import type { ProviderRegistry } from './provider-registry.ts';
import {
  answerReader,
  answerRows,
  begunRows,
  citedPages,
  figureRows,
  mentionsOf,
  missingRows,
  questionRows,
} from './rank.ts';
import { type CountedCall, countedCall, failureOf, reportOf } from './report.ts';
import { availableMs, planRun, ROUNDS_BEFORE_EARLY_REPORT, submissionOrder } from './run-plan.ts';
import {
  hasEarlyReport,
  PHASE_SHARES,
  pageUntilMs,
  REPORT_TIMES,
  type ReportTimes,
  type RunSpan,
} from './run-times.ts';
import { partsOf, submittedInput } from './size.ts';
import { furtherCalls } from './spend.ts';

export interface DiagnosisOptions {
  /** Called when a run needs it: a process that runs no diagnosis needs no registry. */
  readonly registry: () => ProviderRegistry;
  readonly clock?: Clock;
  /** The URL from which a cited page is read; default: its own. */
  readonly pageUrl?: (url: string) => string;
  /** Default: {@link REPORT_TIMES}. */
  readonly times?: ReportTimes;
}

/** A part of the questions, the same in every report: its rows replace those of the report before. */
const detailState = z.object({ from: z.int().min(0), to: z.int().min(0) });
/** Only the address: a page that was read for an early report is not read again for the last one. */
const traceState = z.object({ url: z.string() });

/** A provider's error has a body to be read, so all statuses are accepted. */
const EVERY_STATUS = Array.from({ length: 500 }, (_, index) => 100 + index);
/** The request itself is never retried: a second attempt of a call is a hop of its own. */
const ONCE = { retry: { attempts: 1 } };
const MAX_TITLE_CHARS = 300;

/** What the functions of both asking steps receive. */
interface Asking {
  readonly input: DiagnosisInput;
  readonly state: AskState;
  readonly runId: string;
  readonly acceptedAtMs: number | undefined;
  readonly deadlineAtMs: number | undefined;
  readonly charge: (amount: number) => Yieldable;
  readonly put: { readonly call: (row: CallItem) => Yieldable };
}
type Again = (state: AskState) => Yieldable;
type PlannedRow = Pick<CallItem, 'question' | 'model' | 'repeat'>;

/** Creates the module for a registry of models. */
export function defineDiagnosis({
  registry,
  clock = systemClock,
  pageUrl = (url) => url,
  times = REPORT_TIMES,
}: DiagnosisOptions) {
  const timeOf = ({ acceptedAtMs, deadlineAtMs }: RunSpan) => ({ acceptedAtMs, deadlineAtMs, nowMs: clock.now() });
  const planOf = (input: DiagnosisInput, run: RunSpan) =>
    planRun(
      input,
      (name) => registry().find(name),
      availableMs(input, run),
      hasEarlyReport(run, times) ? times.earlyAtMs : undefined,
    );
  const request = ({ input, state, ...run }: Pick<Asking, 'input' | 'state' | 'acceptedAtMs' | 'deadlineAtMs'>) =>
    callRequest(input, state, registry().find(state.model), timeOf(run));

  /** A reply becomes the row of its call, or another request of it. */
  function* answered({ page, ...asking }: Asking & { readonly page: Page }, again: Again): Generator<Yieldable> {
    const { input, state, runId, charge, put } = asking;
    const time = timeOf(asking);
    const provider = registry().find(state.model);
    const { fromCache } = page;
    const reply = readReply(input, provider, page, time);
    const own = costOfReply(input, state, provider, { page, reply });
    yield charge(own.atMost ?? own.counted ?? 0);
    const step = stepAfter(input, state, { reply, spent: own, fromCache, runId }, time);
    if (step.kind === 'again') {
      yield again(step.state);
      return;
    }
    const facts = {
      ...{ elapsedMs: fromCache ? null : page.elapsedMs, nowMs: time.nowMs, provider },
      ...{ spent: addSpent(state.spent, own), attempts: state.attempt - (fromCache ? 1 : 0) },
    };
    if (step.kind === 'answer') {
      yield put.call({ ...answeredRow(input, state, step.answer, facts), from_cache: fromCache });
    } else yield put.call(failedRow(input, state, step.error, { ...facts, answer: step.answer }));
  }

  /** The same for a request that failed for good. */
  function* gaveUp(
    { error: givenUp, ...asking }: Asking & { readonly error: GivenUp },
    again: Again,
  ): Generator<Yieldable> {
    const { input, state, runId, put } = asking;
    const time = timeOf(asking);
    const provider = registry().find(state.model);
    const error = givenUpError(input, givenUp, time);
    const spent = { counted: provider.pricePerMillionTokens === undefined ? null : 0, atMost: givenUp.cost };
    const own = givenUp.cost === 0 ? { counted: 0, atMost: 0 } : spent;
    const step = stepAfter(input, state, { reply: { ok: false, error }, spent: own, fromCache: false, runId }, time);
    if (step.kind === 'again') {
      yield again(step.state);
      return;
    }
    const facts = {
      elapsedMs: null,
      nowMs: time.nowMs,
      provider,
      spent: addSpent(state.spent, own),
      attempts: state.attempt,
    };
    if (step.kind === 'answer') yield put.call(answeredRow(input, state, step.answer, facts));
    else yield put.call(failedRow(input, state, step.error, { ...facts, answer: step.answer }));
  }

  return defineModule({
    name: 'brand-diagnosis',
    version: '1.1.0',
    input: submittedInput,
    steps: {
      ask: fetchStep(askState, { ...ONCE, cache: ANSWERS_OF_ALL_RUNS }),
      spend: computeStep(),
      again: fetchStep(askState, { ...ONCE, cache: ANSWERS_OF_ALL_RUNS }),
      rank: computeStep(),
      trace: fetchStep(traceState, ONCE),
      report: computeStep(),
      // At the end: nodes name their step by its position, and those of older versions are still executed.
      detail: computeStep(detailState),
    },
    items: {
      ...{ call: callItem, further: furtherItem, begun: callItem, mention: mentionItem, source: sourceItem },
      ...{ figures: figuresItem, model_figures: modelFiguresItem, question_figures: questionFiguresItem },
      ...{ cited: citedItem, report: reportItem },
    },
    // In the order of PHASES. Calls of `again` have what those of `ask` have left: both end before the same reserve.
    phases: [
      { steps: ['ask'], share: PHASE_SHARES.ask },
      ['spend'],
      { steps: ['again'], share: PHASE_SHARES.again },
      ['rank'],
      { steps: ['trace', 'detail'], share: PHASE_SHARES.trace },
      ['report'],
    ],
    early: { atMs: times.earlyAtMs },
  }).implement({
    *start({ go, input, acceptedAtMs, deadlineAtMs }) {
      for (const model of input.models) registry().find(model);
      const span = { acceptedAtMs, deadlineAtMs };
      const { concurrency } = planOf(input, span);
      const rounds = hasEarlyReport(span, times) ? ROUNDS_BEFORE_EARLY_REPORT : undefined;
      const calls = submissionOrder(planCalls(input), (model) => registry().find(model), concurrency, rounds);
      for (const call of calls) yield go.ask(call);
    },
    steps: {
      ask: {
        request,
        expect: { status: EVERY_STATUS },
        concurrency: ({ input, ...run }) => planOf(input, run).concurrency,
        *parse({ go, ...context }) {
          yield* answered(context, go.ask);
        },
        *givenUp({ go, ...context }) {
          yield* gaveUp(context, go.ask);
        },
      },
      spend: {
        async *run({ input, items, isEarly, acceptedAtMs, deadlineAtMs, go, put }) {
          // Early, the first answers are not all there: what to ask further is decided on all of them.
          if (isEarly || input.until === undefined) return;
          const calls: CallItem[] = [];
          for await (const call of items('call')) calls.push(call);
          for (const call of hasTimeForMore(input, timeOf({ acceptedAtMs, deadlineAtMs }))
            ? furtherCalls(input, answerRows(input, calls))
            : []) {
            yield put.further(call);
            yield go.again(call);
          }
        },
      },
      again: {
        request,
        expect: { status: EVERY_STATUS },
        concurrency: ({ input, ...run }) => planOf(input, run).concurrency,
        *parse({ go, ...context }) {
          yield* answered(context, go.again);
        },
        *givenUp({ go, ...context }) {
          yield* gaveUp(context, go.again);
        },
      },
      rank: {
        async *run({ input, items, failures, partials, isEarly, acceptedAtMs, deadlineAtMs, go, put }) {
          const span = { acceptedAtMs, deadlineAtMs };
          if (isEarly && !hasEarlyReport(span, times)) return;
          const time = timeOf(span);
          // Before the calls: one that ends in between is then in both, and its row counts.
          const open = await Array.fromAsync(partials());
          const [rows, calls]: [AnswerRow[], PlannedRow[]] = [[], []];
          const read = answerReader(input);
          // An answer is read and let go: all of them together may be large.
          for await (const call of items('call')) {
            rows.push(read(call));
            calls.push({ question: call.question, model: call.model, repeat: call.repeat });
          }
          const heard = {
            calls,
            further: await Array.fromAsync(items('further')),
            failures: await Array.fromAsync(failures()),
          };
          const others = isEarly
            ? begunRows(input, { ...heard, partials: open }, (model) => registry().find(model), time)
            : missingRows(input, heard, time.nowMs);
          for (const call of others) {
            rows.push(read(call));
            yield isEarly ? put.begun(call) : put.call(call);
          }
          const { figures, byModel } = figureRows(input, rows);
          yield put.figures(figures);
          for (const row of byModel) yield put.model_figures(row);
          for (const part of partsOf(input)) yield go.detail(part);
          const cited = citedPages(input, rows);
          for (const page of cited) yield put.cited(page);
          // A page is read once, so not in haste: where its whole timeout is not left early, it is read for the last report.
          const now = clock.now();
          const untilMs = pageUntilMs(span, times, now);
          if (isEarly && untilMs !== undefined && now + input.sourceTimeoutMs > untilMs) return;
          for (const { url } of cited) yield go.trace({ url });
        },
      },
      detail: {
        async *run({ input, state: { from, to }, items, put }) {
          const questions = new Set([...new Set(input.questions)].slice(from, to));
          const isOwn = ({ question }: CallItem): boolean => questions.has(question);
          const [calls, begun]: [CallItem[], CallItem[]] = [[], []];
          for await (const call of items('call')) if (isOwn(call)) calls.push(call);
          for await (const call of items('begun')) if (isOwn(call)) begun.push(call);
          // The calls as `rank` saw them, whatever has come since.
          const rows = answerRows(input, reportedCalls(calls, begun));
          for (const mention of rows.flatMap(mentionsOf)) yield put.mention(mention);
          for await (const { worst_rank } of items('figures')) {
            for (const row of questionRows(input, rows, worst_rank)) yield put.question_figures(row);
          }
        },
      },
      trace: {
        request: ({ input, state, acceptedAtMs, deadlineAtMs }) => {
          const untilMs = pageUntilMs({ acceptedAtMs, deadlineAtMs }, times, clock.now());
          return {
            url: pageUrl(state.url),
            // An answer names it, and may name anything.
            untrusted: true,
            timeoutMs: input.sourceTimeoutMs,
            limitKey: `page:${registrableDomain(state.url) ?? ''}`,
            ...(untilMs === undefined ? {} : { untilMs }),
          };
        },
        expect: { type: 'html' },
        *parse({ input, state, $, put }) {
          const brands = brandsOf(input);
          const found = new Set(findMentions(brandMatcher(brands), fold($.root().text())).map(({ brand }) => brand));
          const named = brands.filter((_, index) => found.has(index)).map(({ name }) => name);
          const title = $('title').first().text().trim().slice(0, MAX_TITLE_CHARS);
          yield put.source({ ...state, status: 'read', title, brands: named, error: null });
        },
        *givenUp({ state, error, put }) {
          yield put.source({ ...state, status: 'failed', title: null, brands: [], error: error.code });
        },
      },
      report: {
        async *run({ input, items, revision, isEarly, acceptedAtMs, deadlineAtMs, put, fail }) {
          const plan = planOf(input, { acceptedAtMs, deadlineAtMs });
          for await (const figures of items('figures')) {
            const [all, begun]: [CountedCall[], CountedCall[]] = [[], []];
            for await (const call of items('call')) all.push(countedCall(call));
            for await (const call of items('begun')) begun.push(countedCall(call));
            const elapsedMs = acceptedAtMs === undefined ? null : clock.now() - acceptedAtMs;
            const facts = { plan, elapsedMs, revision, isFinal: !isEarly };
            const report = reportOf(input, { calls: reportedCalls(all, begun), figures, ...facts });
            yield put.report(report);
            const failure = isEarly ? undefined : failureOf(report);
            if (failure !== undefined) yield fail(failure);
          }
        },
      },
    },
  });
}
