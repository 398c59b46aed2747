import type { Engine } from '../engine.ts';
import { type ExitCodeValue, exitCodeOfRun } from '../exit-codes.ts';
import { namesIn, STEPS_KEY, toFailedNode } from '../read/failed-nodes.ts';
import { countOf } from '../terminal/format.ts';
import { paintFor } from '../terminal/io.ts';
import { commandText } from './command-text.ts';
import type { RunScene } from './run-module.ts';
import { countByType, summaryText } from './summary.ts';
import type { Ended } from './supervise.ts';

export interface EndedRun {
  readonly runId: string;
  readonly ended: Extract<Ended, { kind: 'closed' }>;
  /** Rows in the output, if there is one. */
  readonly rows: number | undefined;
}

/** Tells how a run ended, and answers the exit code for that. */
export async function reportEnd(
  engine: Engine,
  { context, prepared, options, reporter }: RunScene,
  { runId, ended, rows }: EndedRun,
): Promise<ExitCodeValue> {
  const run = (await engine.store.findRun(runId))!;
  const end = run.end!;
  const exitCode = exitCodeOfRun(end);
  const { output, loaded, module } = prepared;
  const database = loaded.config.store.path;
  const dbOption = loaded.origins['store.path'] === 'command line' ? ['--db', database] : [];
  const command = (name: string): string => commandText(context.invocation, [name, runId, ...dbOption]);
  const letters = await engine.store.listDeadLetters(runId);
  const failed = letters.map((letter) => toFailedNode(letter, namesIn(run, STEPS_KEY)));
  const itemsByType = await countByType(engine.store, runId, module.itemTypes);
  const isKept = database !== ':memory:';
  const stored = isKept ? `${database} (${command('items')})` : 'nowhere: with --db :memory: only -o keeps them';
  const where = output === undefined ? stored : `${output.sink.name} (${countOf(rows ?? 0, 'row')})`;
  reporter.event('finished', {
    run_id: runId,
    finish_reason: end.finishReason,
    detail: end.detail,
    done: end.done,
    failed: end.dead,
    items: end.items,
    items_by_type: Object.fromEntries(itemsByType),
    retries: ended.session?.retries ?? 0,
    duration_ms: Math.round(ended.session?.durationMs ?? end.endedAtMs - run.acceptedAtMs),
    output: output?.sink.name ?? null,
    exit_code: exitCode,
  });
  const summary = {
    run,
    end,
    itemsByType,
    failed,
    session: ended.session,
    output: where,
    showCommand: isKept ? command('show') : undefined,
  };
  if (options.json !== true)
    reporter.say(`\n${summaryText(summary, paintFor(context.io.stderr, context.env)).trimEnd()}`);
  return exitCode;
}
