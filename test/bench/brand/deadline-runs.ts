/** Diagnoses against their times, in one process, as a front end starts them: so many at once until all have been made. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineDiagnosis } from '../../../libs/brand/module/define-diagnosis.ts';
import type { ReportItem } from '../../../libs/brand/module/items.ts';
import {
  callsUntilMs,
  DEFAULT_DEADLINE_MS,
  REPORT_TIMES,
  type ReportTimes,
} from '../../../libs/brand/module/run-times.ts';
import { ModuleRegistry } from '../../../libs/calls/registry.ts';
import { loadConfig } from '../../../libs/config/load-config.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';
import type { RunningNode } from '../../../services/node/running.ts';
import { startSingleNode } from '../../../services/node/single.ts';
import { BRANDS } from '../../brand-flow/answers.ts';
import { registryOf } from '../../brand-flow/models.ts';
import { observedRun, type RunFigures } from './run-figures.ts';
import { MODELS, PRICES } from './script.ts';
import { startWorld, type World } from './world.ts';

export interface DeadlinePlan {
  readonly runs: number;
  readonly atOnce: number;
  /** Of the latency of real models and of the times that calls have: 1 is theirs. */
  readonly scale: number;
  /** Of each run; default 3. */
  readonly questions?: number;
  readonly seed: number;
  /** The database file. */
  readonly database: string;
  readonly onRun?: (figures: RunFigures) => void;
}

/** What the analysis has; it does not get faster with the models, so it is not scaled. */
export const RESERVE_MS = 3_000;
/** A run that has not ended so long after its deadline counts as one that never did. */
const PATIENCE_MS = 10_000;
const QUESTIONS = 3;
/** Calls and pages of one run that may be under way at once. */
const DOWNLOADS_PER_RUN = 16;
/** How often a client looks for the first report. */
const LOOK_MS = 50;
const ACCOUNT = { account: 'bench', platform: 'models' };

export function deadlineMsOf({ scale }: Pick<DeadlinePlan, 'scale'>): number {
  return (DEFAULT_DEADLINE_MS - RESERVE_MS) * scale + RESERVE_MS;
}

/** When the first report begins and must stand. */
export function timesOf({ scale }: Pick<DeadlinePlan, 'scale'>): ReportTimes {
  const earlyAtMs = REPORT_TIMES.earlyAtMs * scale;
  return { earlyAtMs, reportByMs: earlyAtMs + REPORT_TIMES.reportByMs - REPORT_TIMES.earlyAtMs };
}

/** Makes the runs, in a database of their own, and answers their figures in the order in which they ended. */
export async function deadlineRuns(plan: DeadlinePlan): Promise<RunFigures[]> {
  const { runs, atOnce, scale, seed, onRun } = plan;
  const world = await startWorld({ seed, scale, brands: BRANDS });
  const figures: RunFigures[] = [];
  let next = 0;
  try {
    const { node, moduleId } = await startDiagnosing(plan, world);
    const runThem = async (): Promise<void> => {
      while (next < runs) {
        next += 1;
        const measured = await oneRun({ node, moduleId, world, plan, nth: next });
        figures.push(measured);
        onRun?.(measured);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, runThem));
    await node.stop();
  } finally {
    await world.stop();
  }
  return figures;
}

async function startDiagnosing(plan: DeadlinePlan, { baseUrl, pagesUrl }: World) {
  const { database, atOnce } = plan;
  const limits = { requestsPerSecond: 1_000, concurrency: 100 * DOWNLOADS_PER_RUN * atOnce };
  const registry = registryOf(baseUrl, MODELS, { limits, pricePerMillionTokens: PRICES });
  const module = defineDiagnosis({
    ...{ registry: () => registry, pageUrl: (url: string) => pagesUrl + encodeURIComponent(url) },
    times: timesOf(plan),
  });
  const { config } = loadConfig({
    env: {},
    overrides: {
      'store.path': database,
      'limits.requests_per_second': 100,
      'http.allowed_untrusted_targets': '127.0.0.1',
      // Calls of larger sets are limited by the planner alone.
      download_concurrency: Math.max(DOWNLOADS_PER_RUN, (plan.questions ?? QUESTIONS) * MODELS.length) * atOnce,
    },
  });
  const node = startSingleNode({ config, modules: new ModuleRegistry([module]), log: silentLog });
  await node.store.putAccount({
    ...ACCOUNT,
    login: { TEST_MODEL_KEY: 'not-a-key-of-anybody' },
    updatedAtMs: Date.now(),
  });
  return { node, moduleId: module.id };
}

interface OneRun {
  readonly node: RunningNode;
  readonly moduleId: string;
  readonly world: World;
  readonly plan: DeadlinePlan;
  readonly nth: number;
}

async function oneRun({ node, moduleId, world, plan, nth }: OneRun): Promise<RunFigures> {
  const [brand, ...rivals] = BRANDS;
  const questions = questionsOf(nth, plan.questions);
  const deadlineMs = deadlineMsOf(plan);
  const startedMs = performance.now();
  const { runId } = await node.submit({
    modules: [moduleId],
    // As many at once as the planner finds right.
    input: { brand, rivals, questions, models: MODELS, reserveMs: RESERVE_MS },
    ...ACCOUNT,
    deadlineMs,
  });
  const waiting = new AbortController();
  const closed = node.closed(runId).then(() => true);
  const first = await firstReport(node, runId, closed, startedMs);
  const ended = await Promise.race([closed, sleep(deadlineMs + PATIENCE_MS, false, { signal: waiting.signal })]);
  const wallMs = ended ? performance.now() - startedMs : Number.POSITIVE_INFINITY;
  waiting.abort();
  return observedRun({
    ...{ wallMs, deadlineMs, first, reportByMs: timesOf(plan).reportByMs },
    callsMs: callsUntilMs({ reserveMs: RESERVE_MS }, { acceptedAtMs: 0, deadlineAtMs: deadlineMs }) ?? 0,
    items: await node.store.readItems({ runId, afterSeq: 0, limit: 10_000 }),
    events: await node.store.listEvents(runId),
    endedAtMs: (await node.store.findRun(runId))?.end?.endedAtMs,
    ledger: (await world.ledger()).filter(({ question }) => questions.includes(question)),
  });
}

/** The first report that a client finds that looks all the time; undefined when none stood before the run was closed. */
async function firstReport(node: RunningNode, runId: string, closed: Promise<boolean>, startedMs: number) {
  while (!(await Promise.race([closed, sleep(LOOK_MS, false)]))) {
    const [row] = await node.store.readItems({ runId, type: 'report', afterSeq: 0, limit: 1 });
    if (row !== undefined) {
      return { afterMs: performance.now() - startedMs, report: JSON.parse(row.data) as ReportItem };
    }
  }
  return undefined;
}

/** Other ones for each run: no answer serves two. Of three, two are of normal length and one is short and names the brand. */
export function questionsOf(run: number, count = QUESTIONS): string[] {
  return Array.from({ length: count }, (_, at) => {
    const number = 10_000 + 100 * run + Math.floor(at / QUESTIONS);
    return [
      `预算${number}元以内，有哪些值得推荐的跑鞋品牌？`,
      `第一次跑${number}米，应该买哪个牌子的跑鞋，为什么？`,
      `海澜鞋业${number}型怎么样？`,
    ][at % QUESTIONS]!;
  });
}
