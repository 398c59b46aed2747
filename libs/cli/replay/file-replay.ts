/** Reopens dead nodes of a run in a file; the next `catena run` of its module executes them. */
import type { Clock } from '../../clock/clock.ts';
import { ReplayCode } from '../../coordination/protocol/errors.ts';
import { type ChainNode, REPLAYED_BY_DEFAULT } from '../../coordination/protocol/node.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { deadNodes } from '../../stage/run/close-run.ts';
import { requireUnmarked } from '../../stage/run/tasks.ts';
import type { RunRecord } from '../../store/port.ts';
import { openSingleFile } from '../../store/sqlite/single-file.ts';
import type { FileLocation } from '../run-location.ts';

export interface ReplaySelection {
  /** Only these nodes; empty is all with the reasons. */
  readonly nodeIds: readonly string[];
  /** Only nodes that ended for one of these reasons. If empty, and without node ids: `failed` and `crashed`. */
  readonly reasons: readonly string[];
  /** Later phases run again once the node's phase is empty. */
  readonly rejoin: boolean;
}

/** The outcome for a node. */
export type ReplayWord = 'replayed' | 'not_replayable' | 'draining' | 'unknown_node';

const WORDS = {
  [ReplayCode.REPLAYED]: 'replayed',
  [ReplayCode.NOT_REPLAYABLE]: 'not_replayable',
  [ReplayCode.DRAINING]: 'draining',
  [ReplayCode.UNKNOWN_NODE]: 'unknown_node',
} as const satisfies Record<number, ReplayWord>;

/** The outcome for each node, by its id. Throws `store.locked` while a process uses the file, `cli.run_expired`, and `submit.task_terminated`. */
export async function replayInFile(
  { loaded, path }: FileLocation,
  clock: Clock,
  run: RunRecord,
  selection: ReplaySelection,
): Promise<Map<string, ReplayWord>> {
  const { runId } = run;
  const { coordinator, store, close } = openSingleFile({ path, clock, policy: loaded.config });
  try {
    if ((await coordinator.findRun(runId)) === undefined) throw expired(runId);
    await requireUnmarked(store, run);
    const chosen: ChainNode[] = [];
    for await (const node of deadNodes(coordinator, runId)) if (isChosen(node, selection)) chosen.push(node);
    const outcomes = new Map<string, ReplayWord>(selection.nodeIds.map((nodeId) => [nodeId, 'unknown_node']));
    for (const node of chosen) {
      const { code } = await coordinator.replay({ node, rejoin: selection.rejoin });
      outcomes.set(node.id, WORDS[code]);
    }
    if ([...outcomes.values()].includes('replayed')) await store.markOpen(runId);
    return outcomes;
  } finally {
    close();
  }
}

function isChosen({ id, deathReason }: ChainNode, { nodeIds, reasons }: ReplaySelection): boolean {
  const wanted = reasons.length > 0 || nodeIds.length > 0 ? reasons : REPLAYED_BY_DEFAULT;
  return (nodeIds.length === 0 || nodeIds.includes(id)) && (wanted.length === 0 || wanted.includes(deathReason));
}

function expired(runId: string): CatenaError {
  return new CatenaError(
    'cli.run_expired',
    `run ${runId} has no nodes: it never started, or they were deleted after their retention`,
    {
      remedy: 'give its `catena run` command again, with --fresh if it has ended',
    },
  );
}
