/** Reads stored diagnoses for their reports and for comparisons. */

import type { RunSource } from '../../cli/read/run-source.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord } from '../../store/port.ts';
import { brandsOf, diagnosisInput } from '../module/input.ts';
import { type Comparison, compareRuns, runsLike } from '../report/compare.ts';
import { type KeptItem, REPORTED_TYPES, type RunReport, toRunReport } from '../report/run-report.ts';

const MODULE = 'brand-diagnosis';
/** How many of the newest runs are searched for earlier runs of a brand. */
const LOOKED_AT = 200;
/** The most earlier runs that a report is compared with. */
const MAX_EARLIER = 11;

/** The most answers that are read again for a history; more would take too long. */
const MAX_READ_AGAIN = 2_000;

/** Throws `brand.no_report` and `brand.not_a_diagnosis`. */
export async function readReport(runs: RunSource, run: RunRecord): Promise<RunReport> {
  const items: KeptItem[] = [];
  for (const reported of REPORTED_TYPES) {
    for await (const batch of runs.items(run, reported)) items.push(...batch);
  }
  return toRunReport(run, items);
}

/** The run, with the newest earlier ones that asked the same questions; undefined for one with too many answers. */
export async function historyOf(runs: RunSource, report: RunReport): Promise<Comparison | undefined> {
  if (report.calls.length > MAX_READ_AGAIN) return undefined;
  const earlier: RunReport[] = [];
  let readAgain = report.calls.length;
  for (const run of await runs.listRuns(LOOKED_AT)) {
    if (earlier.length >= MAX_EARLIER) break;
    if (run.state !== 'closed' || run.acceptedAtMs >= report.acceptedAtMs || !asksLike(report, run)) continue;
    const kept = await readIfReported(runs, run);
    if (kept === undefined || runsLike(report, [kept]).length < 2) continue;
    readAgain += kept.calls.length;
    if (readAgain > MAX_READ_AGAIN) break;
    earlier.push(kept);
  }
  return compareRuns([...earlier, report]);
}

/** Undefined for a run that ended before its report, or has none so far. */
export async function readIfReported(runs: RunSource, run: RunRecord): Promise<RunReport | undefined> {
  try {
    return await readReport(runs, run);
  } catch (thrown) {
    if (thrown instanceof CatenaError && thrown.code.startsWith('brand.')) return undefined;
    throw thrown;
  }
}

/** Whether a run's input shows that it asked something else: then its items are not read. */
function asksLike({ input }: RunReport, { modules, input: submitted }: RunRecord): boolean {
  if (!modules.some((id) => id.split('@')[0] === MODULE)) return false;
  const read = diagnosisInput.safeParse(submitted);
  if (!read.success || brandsOf(read.data)[0]?.name !== brandsOf(input)[0]?.name) return false;
  const [questions, models] = [new Set(read.data.questions), new Set(read.data.models)];
  return input.questions.some((each) => questions.has(each)) && input.models.every((each) => models.has(each));
}
