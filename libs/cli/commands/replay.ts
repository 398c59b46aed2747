/** `catena replay RUN`: executes nodes again that ended in failure, with fresh budgets. */
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { withRuns } from '../read/open-source.ts';
import { type ReplaySelection, type ReplayWord, replayInFile } from '../replay/file-replay.ts';
import { commandFor, locationOf, type RunLocation } from '../run-location.ts';
import { withServer } from '../server/connect.ts';
import { findServerRun } from '../server/find-run.ts';
import { replayAtServer } from '../server/replay.ts';
import { countOf } from '../terminal/format.ts';

export interface ReplayOptions extends ConfigOptions {
  readonly output?: string;
  readonly node?: readonly string[];
  readonly reason?: readonly string[];
  readonly rejoin?: boolean;
}

export async function replayRun(
  context: CliContext,
  reference: string,
  options: ReplayOptions,
): Promise<ExitCodeValue> {
  const location = locationOf(context, options);
  const { node: nodeIds = [], reason: reasons = [], rejoin = false } = options;
  const { runId, outcomes } = await replay(context, location, reference, { nodeIds, reasons, rejoin }, options);
  const left = [...outcomes].filter(([, outcome]) => outcome !== 'replayed');
  if (options.output === 'json') {
    const nodes = [...outcomes].map(([node_id, outcome]) => ({ node_id, outcome }));
    context.io.stdout.write(`${JSON.stringify({ run_id: runId, nodes }, undefined, 2)}\n`);
  } else {
    const { stderr } = context.io;
    for (const [nodeId, outcome] of left) stderr.write(`node ${nodeId}: ${SENTENCES[outcome]}\n`);
    const count = outcomes.size - left.length;
    stderr.write(
      count === 0 ? `no node of run ${runId} was replayed\n` : `${begun(context, location, runId, count)}\n`,
    );
  }
  return left.length === 0 ? ExitCode.DONE : ExitCode.FOUND;
}

const SENTENCES: Readonly<Record<ReplayWord, string>> = {
  replayed: 'it is executed again',
  not_replayable: 'it was superseded by a fallback, or is not dead any more',
  draining: 'nodes of its run are still being ended; try again in a moment',
  unknown_node: 'the run has no such dead node',
};

function begun(context: CliContext, location: RunLocation, runId: string, count: number): string {
  const nodes = countOf(count, 'node');
  return location.kind === 'server'
    ? `${nodes} of run ${runId} ${count === 1 ? 'is' : 'are'} executed again: ${commandFor(context, location, 'show', runId)}`
    : `${nodes} of run ${runId} ${count === 1 ? 'is' : 'are'} open again: give its \`catena run\` command again to execute them`;
}

interface Replayed {
  readonly runId: string;
  readonly outcomes: ReadonlyMap<string, ReplayWord>;
}

async function replay(
  context: CliContext,
  location: RunLocation,
  reference: string,
  selection: ReplaySelection,
  options: ReplayOptions,
): Promise<Replayed> {
  if (location.kind === 'server') {
    return withServer(location, async ({ calls }) => {
      const { runId } = await findServerRun(calls, reference);
      return { runId, outcomes: await replayAtServer(calls, runId, selection) };
    });
  }
  const run = await withRuns(context, options, (runs) => runs.findRun(reference));
  return { runId: run.runId, outcomes: await replayInFile(location, context.clock, run, selection) };
}
