import { ReplayOutcome } from '../../contracts/services.ts';
import type { ReplaySelection, ReplayWord } from '../replay/file-replay.ts';
import type { IngressCalls } from './connect.ts';

const WORDS: Readonly<Record<number, ReplayWord>> = {
  [ReplayOutcome.REPLAYED]: 'replayed',
  [ReplayOutcome.NOT_REPLAYABLE]: 'not_replayable',
  [ReplayOutcome.DRAINING]: 'draining',
  [ReplayOutcome.UNKNOWN_NODE]: 'unknown_node',
};

/** The outcome for each node, by its id. */
export async function replayAtServer(
  calls: IngressCalls,
  runId: string,
  { nodeIds, reasons, rejoin }: ReplaySelection,
): Promise<Map<string, ReplayWord>> {
  const outcomes = new Map<string, ReplayWord>();
  for await (const { nodes } of calls.replayDeadLetters({
    runId,
    nodeIds: [...nodeIds],
    reasons: [...reasons],
    rejoin,
  })) {
    for (const { nodeId, outcome } of nodes) outcomes.set(nodeId, WORDS[outcome] ?? 'not_replayable');
  }
  return outcomes;
}
