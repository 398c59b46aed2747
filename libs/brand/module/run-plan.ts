/**
 * Whether a run fits its time, before anything is asked. All times are lower bounds: no order of the calls is faster, so what
 * does not fit by the models' medians cannot be expected to fit.
 */
import type { ModelFamily, Provider } from '../codecs/provider.ts';
import { type Complexity, complexityOf, familyOf, MEDIANS_MS, P90S_MS, TIMEOUTS_MS } from '../codecs/timeouts.ts';
import type { DiagnosisInput } from './input.ts';
import type { ReportItem } from './items.ts';
import type { PlannedCall } from './plan.ts';
import { callsUntilMs, type RunSpan } from './run-times.ts';

export type RunPlan = ReportItem['plan'];

/** Calls at once in a run that does not say, and the most that a deadline may make of them. */
export const DEFAULT_CONCURRENCY = 8;
export const MAX_PLANNED_CONCURRENCY = 64;

type Asked = Pick<Provider, 'name' | 'family' | 'limits'>;

/** Calls of one model, as long as each other. */
interface CallGroup {
  readonly provider: Asked;
  readonly count: number;
  readonly eachMs: number;
}

type CallTime = (family: ModelFamily, complexity: Complexity) => number;

/** Milliseconds from the acceptance of a run to the end of its calls; undefined without a deadline. */
export function availableMs(input: Pick<DiagnosisInput, 'reserveMs'>, run: RunSpan): number | undefined {
  const untilMs = callsUntilMs(input, run);
  return untilMs === undefined || run.acceptedAtMs === undefined ? undefined : Math.max(0, untilMs - run.acceptedAtMs);
}

/**
 * `providerOf` throws for a model that nobody knows. With `earlyMs`, the time of the first report, so many calls run at once that they fit
 * that time, where this is possible: what has not begun by then is not in it.
 */
export function planRun(
  input: DiagnosisInput,
  providerOf: (model: string) => Asked,
  available: number | undefined,
  earlyMs = Number.POSITIVE_INFINITY,
): RunPlan {
  const groups = groupsOf(input, providerOf, available === undefined ? expectedOf : medianOf);
  const calls = groups.reduce((sum, { count }) => sum + count, 0);
  const firstMs = available === undefined ? undefined : Math.min(available, earlyMs);
  const slow = groupsOf(input, providerOf, slowOf(firstMs));
  const concurrency = input.concurrency ?? plannedConcurrency(slow, calls, firstMs);
  const expectedMs = leastMs(groups, concurrency);
  return {
    calls,
    concurrency,
    rounds: Math.ceil(calls / concurrency),
    expectedMs,
    availableMs: available ?? null,
    fits: available === undefined || expectedMs <= available,
  };
}

/** A line for people when a run cannot fit its time; none when it can. */
export function planWarning({ calls, concurrency, expectedMs, availableMs, fits }: RunPlan): string[] {
  if (fits || availableMs === null) return [];
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const needs = `${calls} calls, ${concurrency} at once, take at least ${seconds(expectedMs)} by the models' medians`;
  return [`plan: ${needs}, and there were ${seconds(availableMs)}: some were bound to be cut off`];
}

/** How long a call takes that is as slow as its model is at the median. */
const medianOf: CallTime = (family) => MEDIANS_MS[family];
/** The same where no deadline ends it, but the table of timeouts. */
const expectedOf: CallTime = (family, complexity) => Math.min(MEDIANS_MS[family], TIMEOUTS_MS[family][complexity]);

/** How long a slow call takes: it may take all the time that there is. */
function slowOf(available: number | undefined): CallTime {
  return (family, complexity) => {
    return available === undefined ? TIMEOUTS_MS[family][complexity] : Math.min(available, P90S_MS[family]);
  };
}

/** Calls of so many rounds are put in order together. */
const ORDERED_ROUNDS = 2;
/** The same where an early report may come before the second round: it must not find all of the slow models and none of the fast ones. */
export const ROUNDS_BEFORE_EARLY_REPORT = 1;

/**
 * The calls in the order in which they are submitted: slow models first, so that what begins last is what takes the shortest time.
 * Only within calls that run at about the same time: a report must not find one model answered and another not even asked.
 */
export function submissionOrder<Call extends PlannedCall>(
  calls: readonly Call[],
  providerOf: (model: string) => Pick<Provider, 'name' | 'family'>,
  concurrency: number,
  rounds = ORDERED_ROUNDS,
): Call[] {
  const size = rounds * concurrency;
  const speed = ({ model }: Call): number => {
    const { name, family } = providerOf(model);
    return MEDIANS_MS[familyOf(name, family)];
  };
  const blocks = Array.from({ length: Math.ceil(calls.length / size) }, (_, n) =>
    calls.slice(n * size, (n + 1) * size),
  );
  return blocks.flatMap((block) => block.toSorted((a, b) => speed(b) - speed(a)));
}

/**
 * The fewest with which calls fit that take all the time they may; where none do, the fewest that take the least time. A call
 * that waits for others has less left of the deadline than its provider would have needed.
 */
function plannedConcurrency(groups: readonly CallGroup[], calls: number, available: number | undefined): number {
  if (available === undefined) return DEFAULT_CONCURRENCY;
  let best = { concurrency: DEFAULT_CONCURRENCY, takesMs: leastMs(groups, DEFAULT_CONCURRENCY) };
  const most = Math.min(calls, MAX_PLANNED_CONCURRENCY);
  for (let concurrency = DEFAULT_CONCURRENCY + 1; best.takesMs > available && concurrency <= most; concurrency += 1) {
    const takesMs = leastMs(groups, concurrency);
    if (takesMs < best.takesMs) best = { concurrency, takesMs };
  }
  return best.concurrency;
}

function groupsOf(
  { questions, models, repeats }: DiagnosisInput,
  providerOf: (model: string) => Asked,
  timeOf: CallTime,
): CallGroup[] {
  const complexities = [...new Set(questions)].map(complexityOf);
  return [...new Set(models)].flatMap((model) => {
    const provider = providerOf(model);
    const family = familyOf(provider.name, provider.family);
    return (['simple', 'normal', 'complex'] as const).flatMap((complexity): CallGroup[] => {
      const count = repeats * complexities.filter((each) => each === complexity).length;
      return count === 0 ? [] : [{ provider, count, eachMs: timeOf(family, complexity) }];
    });
  });
}

/** The greatest of the bounds that hold for every order of the calls. */
function leastMs(groups: readonly CallGroup[], concurrency: number): number {
  const work = groups.reduce((sum, { count, eachMs }) => sum + count * eachMs, 0);
  const longest = Math.max(0, ...groups.map(({ eachMs }) => eachMs));
  const ofModels = [...new Set(groups.map(({ provider }) => provider))].map((provider) =>
    leastOfModel(
      groups.filter((group) => group.provider === provider),
      provider.limits,
      concurrency,
    ),
  );
  return Math.round(Math.max(work / concurrency, longest, inRounds(groups, concurrency), ...ofModels));
}

/** A provider takes no more at once, and no more a second, than its limits say. */
function leastOfModel(groups: readonly CallGroup[], limits: Asked['limits'], concurrency: number): number {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const shortest = Math.min(...groups.map(({ eachMs }) => eachMs));
  const lastStartMs = ((count - 1) * 1_000) / limits.requestsPerSecond;
  return Math.max(lastStartMs + shortest, inRounds(groups, Math.min(concurrency, limits.concurrency)));
}

/** One of the places has at least every round's share of the calls: as long as the shortest of them, at best. */
function inRounds(groups: readonly CallGroup[], concurrency: number): number {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  let left = Math.ceil(count / concurrency);
  let totalMs = 0;
  for (const group of [...groups].sort((a, b) => a.eachMs - b.eachMs)) {
    const taken = Math.min(left, group.count);
    totalMs += taken * group.eachMs;
    left -= taken;
  }
  return totalMs;
}
