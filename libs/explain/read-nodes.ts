/** The nodes of a run that an explanation looks at. */
import type { ChainNode, NodeState } from '../coordination/protocol/node.ts';
import type { Coordinator } from '../coordination/protocol/port.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import type { RunRecord } from '../store/port.ts';

/** Nodes read per state: enough to explain a run of any size. */
const SAMPLE = 500;
const LOOKED_AT: readonly NodeState[] = ['pending', 'processing', 'fetched', 'failed', 'retry', 'releasing', 'dead'];

export interface ReadNodes {
  readonly all: readonly ChainNode[];
  /** Those that are not dead. */
  readonly open: readonly ChainNode[];
  /** Whether a state may have more nodes than were read. */
  readonly isSampled: boolean;
}

/** Reads none of a run that is over. */
export async function readNodes(
  coordinator: Pick<Coordinator, 'listNodes'>,
  { runId, state: ofRun }: RunRecord,
  snapshot: RunSnapshot | undefined,
): Promise<ReadNodes> {
  const states = snapshot === undefined || ofRun === 'closed' ? [] : LOOKED_AT;
  const lists = await Promise.all(states.map((state) => coordinator.listNodes({ runId, state, limit: SAMPLE })));
  const all = lists.flat();
  return {
    all,
    open: all.filter(({ state }) => state !== 'dead'),
    isSampled: lists.some(({ length }) => length === SAMPLE),
  };
}
