/** `catena show RUN`: prints the state or end of a run, its timeline, and every failed node. */
import type { ModuleSnapshot, RunSnapshot } from '../../coordination/protocol/reads.ts';
import { groupFailures } from '../../explain/failures.ts';
import type { StoredEvent } from '../../store/port.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { capsText } from '../read/caps-view.ts';
import { type FailedNode, failedNodeText, readFailedNodes } from '../read/failed-nodes.ts';
import { withRuns } from '../read/open-source.ts';
import { kindLines } from '../run/summary.ts';
import {
  countOf,
  formatClock,
  formatCost,
  formatCount,
  formatInstant,
  formatTable,
  oneLine,
} from '../terminal/format.ts';
import { type Paint, paintFor } from '../terminal/io.ts';
import { describeRun, type RunView } from './runs.ts';

export interface ShowOptions extends ConfigOptions {
  readonly output?: string;
}

export async function showRun(context: CliContext, reference: string, options: ShowOptions): Promise<ExitCodeValue> {
  return withRuns(context, options, async (source) => {
    const record = await source.findRun(reference);
    const look = await source.look(record);
    const view = describeRun(look);
    const modules = modulesView(look.snapshot);
    const failed = await readFailedNodes(source, record);
    const events = await source.timeline(record);
    const text =
      options.output === 'json'
        ? `${JSON.stringify({ ...view, phases: modules, failures: kindsView(failed), failed_nodes: failed, timeline: events }, undefined, 2)}\n`
        : showText({ view, modules, failed, events }, paintFor(context.io.stdout, context.env));
    context.io.stdout.write(text);
    return ExitCode.DONE;
  });
}

interface PhaseView {
  readonly module: string;
  readonly phase: number;
  readonly state: string;
  readonly done: number;
  readonly failed: number;
  readonly open: number;
}

/** Empty once the run's nodes have been removed, after their retention. */
function modulesView(snapshot: RunSnapshot | undefined): PhaseView[] {
  return (snapshot?.modules ?? []).flatMap(({ moduleId, currentPhase, front, phases }) =>
    phases.map(({ done, dead, open, closed }, phase) => ({
      module: moduleId,
      phase,
      state: closed !== '' ? closed : stateOf(phase, { currentPhase, front }),
      done,
      failed: dead,
      open,
    })),
  );
}

/** Of a phase that nothing has closed. */
function stateOf(phase: number, { currentPhase, front }: Pick<ModuleSnapshot, 'currentPhase' | 'front'>): string {
  if (phase === currentPhase) return 'open';
  if (phase < currentPhase) return 'over';
  return phase <= front ? 'open early' : 'waiting';
}

interface Shown {
  readonly view: RunView;
  readonly modules: readonly PhaseView[];
  readonly failed: readonly FailedNode[];
  readonly events: readonly StoredEvent[];
}

function showText({ view, modules, failed, events }: Shown, paint: Paint): string {
  const costText = formatCost({ spent: view.cost, reserved: view.cost_reserved, cap: view.cost_cap ?? undefined });
  const detail = view.detail === '' ? '' : `: ${oneLine(view.detail)}`;
  const facts = formatTable([
    ['run', view.run_id],
    ['module', view.modules.join(', ')],
    ...(view.task === null ? [] : [['task', `${view.task} of ${view.account}`]]),
    ['input', oneLine(JSON.stringify(view.input), 500)],
    ['state', view.finish_reason === null ? 'unfinished' : `${view.finish_reason}${detail}`],
    ['started', formatInstant(Date.parse(view.accepted_at))],
    ...(view.ended_at === null ? [] : [['ended', formatInstant(Date.parse(view.ended_at))]]),
    ['nodes', `${formatCount(view.done)} done, ${formatCount(view.failed)} failed, ${formatCount(view.open)} open`],
    ['items', formatCount(view.items)],
    ...(costText === '' ? [] : [['cost', costText]]),
    ...(view.caps === null ? [] : [['caps', capsText(view.caps)]]),
  ]);
  return [facts, phasesText(modules), eventsText(events), failedText(failed, paint)].filter(Boolean).join('\n');
}

function phasesText(phases: readonly PhaseView[]): string {
  if (phases.length < 2) return '';
  const rows = phases.map(({ module, phase, state, done, failed, open }) => {
    return [module, `${phase + 1}`, state, ...[done, failed, open].map(formatCount)];
  });
  return formatTable([['MODULE', 'PHASE', 'STATE', 'DONE', 'FAILED', 'OPEN'], ...rows]);
}

/** Events of single nodes are only counted: their details are printed with the failed nodes. */
function eventsText(events: readonly StoredEvent[]): string {
  const counts = Map.groupBy(events, ({ type }) => type);
  const lines: string[][] = [];
  for (const [type, all] of counts) {
    const first = all[0]!;
    const last = all.at(-1)!;
    const span = all.length === 1 ? '' : ` … ${formatClock(last.atMs)}, ${countOf(all.length, 'time')}`;
    lines.push([
      formatInstant(first.atMs) + span,
      type,
      all.length === 1 ? oneLine(JSON.stringify(first.data), 200) : '',
    ]);
  }
  return formatTable(lines);
}

/** The kinds of failures, for programs. */
function kindsView(failed: readonly FailedNode[]) {
  return groupFailures(failed).map(({ moduleId, step, code, message, at, count, example }) => ({
    ...{ module: moduleId, step, code, message, at: at ?? null, count },
    example: { node: example.nodeId, url: example.url ?? null },
  }));
}

/** First what went wrong, once for each kind; then every node. */
function failedText(failed: readonly FailedNode[], paint: Paint): string {
  if (failed.length === 0) return '';
  const kinds = groupFailures(failed);
  const summed = kinds.length === failed.length ? '' : `${kinds.map((kind) => kindLines(kind, paint)).join('')}\n`;
  return `${countOf(failed.length, 'node')} failed:\n${summed}${failed.map((node) => failedNodeText(node, paint)).join('')}`;
}
