/** The nodes of a run that an explanation looks at: as many as it needs, however many there are. */
import type { ChainNode } from '../coordination/protocol/node.ts';
import type { Coordinator } from '../coordination/protocol/port.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import type { RunRecord } from '../store/port.ts';

/** Open nodes read per phase, those that are due first: enough to explain a run of any size. */
const SAMPLE = 500;
/** Nodes that are looked at for dead ones: no index has them. */
const MOST_LOOKED_AT = 10_000;
const PAGE = 500;

export interface ReadNodes {
  /** Open nodes, without those that stand ready outside of a window: the snapshot counts them. */
  readonly open: readonly ChainNode[];
  readonly dead: readonly ChainNode[];
  /** Whether there may be more than were read. */
  readonly isSampled: boolean;
}

type Reading = Pick<Coordinator, 'listDue' | 'listNodes'>;

/** Reads none of a run that is over. */
export async function readNodes(
  coordinator: Reading,
  { runId, state }: RunRecord,
  snapshot: RunSnapshot | undefined,
): Promise<ReadNodes> {
  if (snapshot === undefined || state === 'closed') return { open: [], dead: [], isSampled: false };
  const open = await coordinator.listDue({ runId, limit: SAMPLE });
  const places = Map.groupBy(open, ({ moduleId, phase }) => `${moduleId} ${phase}`);
  const isCut = [...places.values()].some(({ length }) => length >= SAMPLE);
  const { dead, isWhole } = await readDead(coordinator, snapshot);
  return { open, dead, isSampled: isCut || !isWhole };
}

/** Looks for dead nodes from the first created on, if there are any. */
async function readDead(
  coordinator: Reading,
  { runId, modules }: RunSnapshot,
): Promise<{ readonly dead: readonly ChainNode[]; readonly isWhole: boolean }> {
  const count = modules.flatMap(({ phases }) => phases).reduce((sum, phase) => sum + phase.dead, 0);
  const dead: ChainNode[] = [];
  let after: string | undefined;
  for (let looked = 0; dead.length < Math.min(count, SAMPLE) && looked < MOST_LOOKED_AT; looked += PAGE) {
    const page = await coordinator.listNodes({ runId, limit: PAGE, ...(after === undefined ? {} : { after }) });
    dead.push(...page.filter(({ state, deathReason }) => state === 'dead' && deathReason !== 'left_out'));
    if (page.length < PAGE) break;
    after = page.at(-1)!.id;
  }
  return { dead, isWhole: dead.length >= count };
}
