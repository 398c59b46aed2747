import { fromMicros } from '../../limits/budgets.ts';
import type { RunEnd, RunRecord } from '../../store/port.ts';
import type { CliContext } from '../context.ts';
import type { Engine } from '../engine.ts';
import { type ExitCodeValue, exitCodeOfRun } from '../exit-codes.ts';
import { capsView } from '../read/caps-view.ts';
import { type FailedNode, namesIn, STEPS_KEY, toFailedNode } from '../read/failed-nodes.ts';
import { commandFor } from '../run-location.ts';
import type { Reporter } from '../status/reporter.ts';
import { countOf } from '../terminal/format.ts';
import { paintFor } from '../terminal/io.ts';
import { judge } from './expectations.ts';
import type { PreparedTask } from './prepare.ts';
import type { RunScene } from './scene.ts';
import { countByType, type Summary, summaryText } from './summary.ts';
import type { Ended } from './supervise.ts';
import type { RunOptions, RunView } from './work.ts';

export interface EndedRun {
  readonly runId: string;
  readonly ended: Extract<Ended, { kind: 'closed' }>;
  /** Rows in the output, if there is one. */
  readonly rows: number | undefined;
}

/** Prints how a run in a file ended, and returns its exit code. */
export async function reportEnd(
  engine: Engine,
  scene: RunScene,
  { runId, ended, rows }: EndedRun,
): Promise<ExitCodeValue> {
  const run = (await engine.store.findRun(runId))!;
  const { output, location, module } = scene.prepared;
  const letters = await engine.store.listDeadLetters(runId);
  const isKept = location.path !== ':memory:';
  const command = (name: string): string => commandFor(scene.context, location, name, runId);
  const stored = isKept
    ? `${location.path} (${command('items')})`
    : 'discarded: with --db :memory: only -o keeps items';
  return printSummary(scene, {
    run,
    end: run.end!,
    itemsByType: await countByType(engine.store, runId, module.itemTypes),
    failed: letters.map((letter) => toFailedNode(letter, namesIn(run, STEPS_KEY))),
    session: ended.session,
    outputName: output?.sink.name,
    where: output === undefined ? stored : `${output.sink.name} (${countOf(rows ?? 0, 'row')})`,
    showCommand: isKept ? command('show') : undefined,
  });
}

export interface EndReport {
  readonly run: RunRecord;
  readonly end: RunEnd;
  readonly itemsByType: Summary['itemsByType'];
  readonly failed: readonly FailedNode[];
  readonly session: Summary['session'];
  /** Where rows were written, if they were. */
  readonly outputName: string | undefined;
  /** Where the items are, in words. */
  readonly where: string;
  readonly showCommand: string | undefined;
}

/** Prints the table, or the event with `--json`; returns the exit code of the end. */
export function printSummary(
  scene: {
    readonly context: CliContext;
    readonly options: RunOptions;
    readonly reporter: Reporter;
    readonly view: RunView | undefined;
    readonly prepared: Pick<PreparedTask, 'expectations'>;
  },
  { run, end, itemsByType, failed, session, outputName, where, showCommand }: EndReport,
): ExitCodeValue {
  const { context, options, reporter, view } = scene;
  const judgement = judge(scene.prepared.expectations, { items: end.items, itemsByType, steps: session?.steps });
  const exitCode = exitCodeOfRun(end, judgement.unmet.length === 0);
  reporter.event('finished', {
    run_id: run.runId,
    finish_reason: end.finishReason,
    detail: end.detail,
    done: end.done,
    failed: end.dead,
    items: end.items,
    caps: end.capUse === undefined ? null : capsView(end.capUse),
    cost: fromMicros(end.cost?.spent ?? 0),
    cost_reserved: fromMicros(end.cost?.reserved ?? 0),
    items_by_type: Object.fromEntries(itemsByType),
    empty_pages: session?.steps?.map(({ step, pages, empty }) => ({ step, pages, empty })) ?? null,
    unmet: judgement.unmet,
    retries: session === undefined ? 0 : (session.retries ?? null),
    duration_ms: Math.round(session?.durationMs ?? end.endedAtMs - run.acceptedAtMs),
    output: outputName ?? null,
    exit_code: exitCode,
  });
  if (options.json === true || view !== undefined) return exitCode;
  const summary = { run, end, itemsByType, failed, session, judgement, output: where, showCommand };
  reporter.say(`\n${summaryText(summary, paintFor(context.io.stderr, context.env)).trimEnd()}`);
  return exitCode;
}
