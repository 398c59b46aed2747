/** `catena runs`: lists the runs of a database or a server, the newest first. */
import { fromMicros } from '../../limits/budgets.ts';
import type { RunRecord } from '../../store/port.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { type CapsView, capsView } from '../read/caps-view.ts';
import { withRuns } from '../read/open-source.ts';
import type { RunLook, RunSource } from '../read/run-source.ts';
import { countNodes } from '../status/progress.ts';
import { formatCount, formatDuration, formatInstant, formatTable } from '../terminal/format.ts';

export interface RunsOptions extends ConfigOptions {
  readonly output?: string;
  readonly limit: string;
  readonly task?: string;
  readonly account: string;
}

export async function listRuns(context: CliContext, options: RunsOptions): Promise<ExitCodeValue> {
  return withRuns(context, options, async (source) => {
    const task = options.task === undefined ? undefined : { account: options.account, name: options.task };
    const records = await source.listRuns(Math.max(1, Number(options.limit) || 1), task);
    const runs: RunView[] = [];
    for (const run of records) runs.push(describeRun(await lookAt(source, run)));
    context.io.stdout.write(options.output === 'json' ? `${JSON.stringify(runs, undefined, 2)}\n` : runsTable(runs));
    return ExitCode.DONE;
  });
}

/** The store has everything about a closed run: only the others are read from the coordinator. */
async function lookAt(source: RunSource, record: RunRecord): Promise<RunLook> {
  if (record.end !== undefined) return { record, snapshot: undefined, items: record.end.items, cost: record.end.cost };
  return source.look(record);
}

/** A run in the JSON output. */
export interface RunView {
  readonly run_id: string;
  readonly modules: readonly string[];
  readonly input: unknown;
  readonly account: string;
  readonly platform: string;
  /** The task that it belongs to; null for a run that is a task of its own. */
  readonly task: string | null;
  /** `accepted`, `open`, `closed`. */
  readonly state: string;
  readonly finish_reason: string | null;
  readonly detail: string;
  readonly done: number;
  readonly failed: number;
  readonly open: number;
  readonly items: number;
  /** In the currency of its modules: the actual charges, or the maximum where none was recorded. */
  readonly cost: number;
  /** Reserved for requests whose cost was never recorded: it may have been spent. */
  readonly cost_reserved: number;
  readonly cost_cap: number | null;
  /** What it may do at most, and what it has used of that; null without caps. */
  readonly caps: CapsView | null;
  readonly accepted_at: string;
  readonly deadline_at: string | null;
  readonly ended_at: string | null;
}

export function describeRun({ record: run, snapshot, items, cost }: RunLook): RunView {
  const { end, deadlineAtMs } = run;
  const nodes = end === undefined ? countNodes(snapshot) : undefined;
  const capUse = end?.capUse ?? snapshot?.capUse;
  return {
    run_id: run.runId,
    modules: run.modules,
    input: run.input,
    account: run.account,
    platform: run.platform,
    task: run.taskId === run.runId ? null : run.taskId,
    state: run.state,
    finish_reason: end?.finishReason ?? null,
    detail: end?.detail ?? '',
    done: end?.done ?? nodes?.done ?? 0,
    failed: end?.dead ?? nodes?.failed ?? 0,
    open: nodes?.open ?? 0,
    items: end?.items ?? items,
    cost: fromMicros(cost?.spent ?? 0),
    cost_reserved: fromMicros(cost?.reserved ?? 0),
    cost_cap: run.costCap === undefined ? null : fromMicros(run.costCap),
    caps: capUse === undefined ? null : capsView(capUse),
    accepted_at: new Date(run.acceptedAtMs).toISOString(),
    deadline_at: deadlineAtMs === undefined ? null : new Date(deadlineAtMs).toISOString(),
    ended_at: end === undefined ? null : new Date(end.endedAtMs).toISOString(),
  };
}

export function runsTable(runs: readonly RunView[]): string {
  if (runs.length === 0) return 'there are no runs yet\n';
  const rows = runs.map((run) => [
    run.run_id,
    run.modules.join(', '),
    run.finish_reason ?? 'unfinished',
    formatCount(run.items),
    formatCount(run.failed),
    formatInstant(Date.parse(run.accepted_at)),
    run.ended_at === null ? '' : formatDuration(Date.parse(run.ended_at) - Date.parse(run.accepted_at)),
  ]);
  return formatTable([['RUN', 'MODULE', 'STATE', 'ITEMS', 'FAILED', 'STARTED', 'TOOK'], ...rows]);
}
