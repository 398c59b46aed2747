/** The page of `catena top`. Pure: it depends only on its arguments. */
import type { Overview, RunShare } from '../../explain/overview.ts';
import { MOST_RUNS } from '../../explain/turns.ts';
import { countOf, formatClock, formatCount, formatElapsed, formatTable, oneLine } from '../terminal/format.ts';
import type { Colour, Paint } from '../terminal/io.ts';

export interface PageStyle {
  readonly paint: Paint;
  /** Columns and rows of the terminal; undefined where text may be of any length. */
  readonly width: number | undefined;
  readonly height: number | undefined;
}

/** Limits that are listed. */
const SHOWN_HOSTS = 8;

/** A line with a colour is cut before it gets it: a colour has no width. */
type Line = string | { readonly colour: Colour; readonly text: string };

/** The most important first: what does not fit below is left out. */
export function overviewText(seen: Overview, { paint, width, height }: PageStyle): string {
  const lines: readonly Line[] = [
    ...headline(seen),
    '',
    ...runLines(seen),
    ...section('waits', waitText(seen)),
    ...section('stages', stageLines(seen)),
    ...section('limits', hostLines(seen)),
    ...section('breakers', breakerLines(seen)),
  ];
  const shown = height === undefined || lines.length <= height ? lines : [...lines.slice(0, height - 1), '…'];
  return shown.map((line) => `${lineText(line, { paint, width })}\n`).join('');
}

function lineText(line: Line, { paint, width }: Pick<PageStyle, 'paint' | 'width'>): string {
  return typeof line === 'string' ? oneLine(line, width) : paint(line.colour, oneLine(line.text, width));
}

function headline({ atMs, openRuns, waitingRuns, backends, isSampled }: Overview): Line[] {
  const many = (count: number, text: string) => (count < MOST_RUNS ? text : `${MOST_RUNS} or more`);
  const parts = [
    formatClock(atMs),
    `${many(openRuns, countOf(openRuns, 'open run'))}${openRuns < MOST_RUNS ? '' : ' open runs'}`,
    `${many(waitingRuns, formatCount(waitingRuns))} waiting to be opened`,
  ];
  const away = backends.filter(({ isReady }) => !isReady);
  return [
    parts.join(' · '),
    ...(isSampled ? [dim('only some runs and nodes were looked at: the real numbers are higher')] : []),
    ...away.map(
      ({ backend, reason }) => ({ colour: 'red', text: `${backend} does not do its work: ${reason}` }) as const,
    ),
  ];
}

const dim = (text: string): Line => ({ colour: 'dim', text });

function runLines({ runs, atMs }: Overview): Line[] {
  if (runs.length === 0) return [dim('no run is open'), ''];
  const row = (run: RunShare) => [
    run.runId,
    `${Math.round(run.share * 100)} %`,
    formatCount(run.inside),
    formatCount(run.ready),
    formatCount(run.open),
    formatCount(run.done),
    formatCount(run.dead),
    run.isPaused ? 'paused' : run.priorityClass,
    oneLine(run.account, 16),
    formatElapsed(atMs - run.acceptedAtMs),
    oneLine(run.modules.join(', '), 40),
  ];
  const head = ['RUN', 'SHARE', 'AT STAGES', 'READY', 'OPEN', 'DONE', 'DEAD', 'CLASS', 'ACCOUNT', 'AGE', 'MODULE'];
  return [
    ...formatTable([head, ...runs.map(row)])
      .trimEnd()
      .split('\n'),
    '',
  ];
}

/** A named part of the page; none when it has nothing to say. */
function section(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : lines.map((line, at) => `${(at === 0 ? name : '').padEnd(10)}${line}`);
}

function waitText({ waits }: Overview): string[] {
  return waits.length === 0
    ? []
    : [waits.map(({ wait, nodes }) => `${formatCount(nodes)} for ${NAMES[wait]}`).join(' · ')];
}

const NAMES: Readonly<Record<Overview['waits'][number]['wait'], string>> = {
  'rate limit': 'a rate limit',
  breaker: 'a breaker',
  retry: 'a retry',
  slot: 'a slot',
  parser: 'a parser',
  decision: 'a decision',
  window: 'their run’s turn',
  'later phase': 'a later phase',
};

function stageLines({ stages }: Overview): string[] {
  return stages
    .filter(({ processes, executing, waiting }) => processes !== undefined || executing + waiting > 0)
    .map(({ stage, processes, executing, waiting }) => {
      const where =
        processes === undefined
          ? ''
          : `${processes === 0 ? 'NO PROCESS' : countOf(processes, 'process', 'processes')} · `;
      return `${stage.padEnd(18)}${where}${formatCount(executing)} executed · ${formatCount(waiting)} waiting`;
    });
}

function hostLines({ hosts, atMs }: Overview): string[] {
  return hosts
    .toSorted((one, other) => other.waiting - one.waiting || other.inFlight - one.inFlight)
    .slice(0, SHOWN_HOSTS)
    .map(({ key, waiting, inFlight, nextAtMs }) => {
      const next =
        nextAtMs === undefined || nextAtMs <= atMs ? '' : ` · the next in ${((nextAtMs - atMs) / 1_000).toFixed(1)} s`;
      return `${oneLine(key, 40)} · ${formatCount(inFlight)} under way · ${formatCount(waiting)} waiting${next}`;
    });
}

function breakerLines({ breakers, atMs }: Overview): string[] {
  return breakers.map(({ key, state, trialAtMs }) => {
    const trial =
      trialAtMs === undefined || trialAtMs <= atMs ? '' : ` · tried in ${((trialAtMs - atMs) / 1_000).toFixed(0)} s`;
    return `${oneLine(key, 40)} · ${state.replace('_', ' ')}${trial}`;
  });
}
