/** The table that is printed at the end of a run. */
import { type FailureKind, groupFailures } from '../../explain/failures.ts';
import { fromMicros } from '../../limits/budgets.ts';
import type { RunEnd, RunRecord, Store } from '../../store/port.ts';
import type { FailedNode } from '../read/failed-nodes.ts';
import type { HostTime } from '../status/host-times.ts';
import type { StepPages } from '../status/step-tally.ts';
import {
  countOf,
  formatCost,
  formatCount,
  formatDuration,
  formatRate,
  formatTable,
  oneLine,
} from '../terminal/format.ts';
import type { Colour, Paint } from '../terminal/io.ts';
import { emptyText, type Judgement } from './expectations.ts';

export interface Summary {
  readonly run: Pick<RunRecord, 'runId' | 'acceptedAtMs' | 'costCap'>;
  readonly end: RunEnd;
  readonly itemsByType: ReadonlyMap<string, number>;
  readonly failed: readonly FailedNode[];
  /** For this process; undefined if it only reports an earlier one. */
  readonly session:
    | {
        readonly durationMs: number;
        /** Undefined if the source does not report them. */
        readonly pages: number | undefined;
        readonly retries: number | undefined;
        readonly slowest: readonly HostTime[];
        /** Undefined if other processes parse the pages. */
        readonly steps: readonly StepPages[] | undefined;
      }
    | undefined;
  readonly judgement: Judgement;
  /** Where the items are, in words. */
  readonly output: string;
  /** Undefined if there is nothing more to show. */
  readonly showCommand: string | undefined;
}

const COLOURS: Readonly<Record<RunEnd['finishReason'], Colour>> = {
  completed: 'green',
  capped: 'green',
  cancelled: 'yellow',
  deadline: 'yellow',
  terminated: 'red',
  rejected: 'red',
};

const SHOWN_GROUPS = 5;
const MESSAGE_CHARS = 160;

export function summaryText(
  { run, end, itemsByType, failed, session, judgement, output, showCommand }: Summary,
  paint: Paint,
): string {
  const detail = end.detail === '' ? '' : `: ${oneLine(end.detail, 300)}`;
  const isEmpty = end.items === 0 && itemsByType.size > 0;
  const isDoubtful = (end.finishReason === 'completed' || end.finishReason === 'capped') && (end.dead > 0 || isEmpty);
  const colour = isDoubtful ? 'yellow' : COLOURS[end.finishReason];
  const without = isEmpty ? ', without any item' : '';
  const rows: (readonly [string, string])[] = [
    ['finished', paint(colour, `${end.finishReason}${detail}${without}`)],
    ['run', run.runId],
    ['nodes', `${formatCount(end.done)} done, ${formatCount(end.dead)} failed`],
    ['items', isEmpty ? paint('yellow', noItemsText(session?.pages)) : itemsText(end.items, itemsByType)],
  ];
  const cost = costText(run, end);
  if (cost !== '') rows.push(['cost', cost]);
  if (session !== undefined) {
    const { durationMs, pages, retries, slowest } = session;
    if (pages !== undefined && pages > 0) rows.push(['pages', `${formatCount(pages)}${rateText(pages, durationMs)}`]);
    rows.push(...emptyRows(session.steps ?? [], paint));
    if (retries !== undefined) rows.push(['retries', formatCount(retries)]);
    rows.push(['took', tookText(run, end, durationMs)]);
    for (const [at, host] of slowest.entries()) rows.push([at === 0 ? 'slowest hosts' : '', hostText(host)]);
  } else {
    rows.push(['took', formatDuration(end.endedAtMs - run.acceptedAtMs)]);
  }
  rows.push(['items in', output]);
  return `${formatTable(rows, '  ')}${failuresText(failed, showCommand, paint)}${judgementText(judgement, paint)}`;
}

function noItemsText(pages: number | undefined): string {
  return pages === undefined || pages === 0 ? '0 items' : `0 items from ${countOf(pages, 'page')}`;
}

/** Steps that yielded nothing for some of their pages; a step that yielded nothing at all stands out. */
function emptyRows(steps: readonly StepPages[], paint: Paint): (readonly [string, string])[] {
  const empty = steps.filter((step) => step.empty > 0);
  return empty.map((step, at) => {
    const text = `step ${step.step} yielded nothing for ${emptyText(step)}`;
    return [at === 0 ? 'empty pages' : '', step.empty === step.pages ? paint('yellow', text) : text];
  });
}

function judgementText({ unmet, unknown }: Judgement, paint: Paint): string {
  const lines = [...unmet.map((text) => paint('red', text)), ...unknown.map((text) => paint('yellow', text))];
  return lines.length === 0 ? '' : `\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function itemsText(total: number, byType: ReadonlyMap<string, number>): string {
  if (byType.size < 2) return [formatCount(total), ...byType.keys()].join(' ');
  return `${formatCount(total)} (${[...byType].map(([type, count]) => `${formatCount(count)} ${type}`).join(', ')})`;
}

function costText({ costCap }: Summary['run'], { cost }: RunEnd): string {
  const [spent, reserved] = [fromMicros(cost?.spent ?? 0), fromMicros(cost?.reserved ?? 0)];
  return formatCost({ spent, reserved, cap: costCap === undefined ? undefined : fromMicros(costCap) });
}

function rateText(pages: number, durationMs: number): string {
  return durationMs > 0 ? `, ${formatRate((pages / durationMs) * 1_000)} per second` : '';
}

/** Shows both times for a resumed run, which took longer than this process. */
function tookText(run: Summary['run'], end: RunEnd, durationMs: number): string {
  const wholeMs = end.endedAtMs - run.acceptedAtMs;
  const isResumed = wholeMs > durationMs + 2_000;
  return isResumed
    ? `${formatDuration(durationMs)} here, ${formatDuration(wholeMs)} since it was started`
    : formatDuration(durationMs);
}

function hostText({ host, requests, failed, meanMs, longestMs }: HostTime): string {
  const unanswered = failed === 0 ? '' : `, ${formatCount(failed)} without a response`;
  const times = `${formatDuration(meanMs)} on average, ${formatDuration(longestMs)} at most`;
  return `${host}: ${times}, ${countOf(requests, 'request')}${unanswered}`;
}

function failuresText(failed: readonly FailedNode[], showCommand: string | undefined, paint: Paint): string {
  if (failed.length === 0) return '';
  const groups = groupFailures(failed);
  const lines = groups.slice(0, SHOWN_GROUPS).map((kind) => kindLines(kind, paint));
  const rest = groups.length > SHOWN_GROUPS ? `  and ${countOf(groups.length - SHOWN_GROUPS, 'other reason')}\n` : '';
  const hint = showCommand === undefined ? '' : `  to list all: ${showCommand}\n`;
  return `\n${lines.join('')}${rest}${hint}`;
}

/** A kind of failure: what, how often, the author's line, and one of its pages. */
export function kindLines({ count, step, code, message, at, example }: FailureKind<FailedNode>, paint: Paint): string {
  const what = `  ${paint('red', `${formatCount(count)} × ${step}`)}  ${code}: ${oneLine(message, MESSAGE_CHARS)}\n`;
  const places = [at === undefined ? '' : `at ${at}`, example.url === undefined ? '' : `for example ${example.url}`];
  const where = places.filter((place) => place !== '').join(', ');
  return where === '' ? what : `${what}      ${oneLine(where)}\n`;
}

const BATCH_ITEMS = 1_000;

/** How many items of each type a run has. */
export async function countByType(
  store: Pick<Store, 'readItems' | 'countItems'>,
  runId: string,
  itemTypes: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const [only] = itemTypes;
  if (itemTypes.length === 1 && only !== undefined) return new Map([[only, await store.countItems(runId)]]);
  const counts = new Map(itemTypes.map((type) => [type, 0]));
  let afterSeq = 0;
  for (;;) {
    const items = await store.readItems({ runId, afterSeq, limit: BATCH_ITEMS });
    for (const { type } of items) counts.set(type, (counts.get(type) ?? 0) + 1);
    if (items.length < BATCH_ITEMS) return counts;
    afterSeq = items.at(-1)!.seq;
  }
}
