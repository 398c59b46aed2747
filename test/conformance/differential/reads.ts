/** Reads that the comparison after each transition does not make: filters, small pages, one node, what does not exist. */

import type { DeathReason, NodeState } from '../../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import type { NodeFilter } from '../../../libs/coordination/protocol/reads.ts';
import { refOf } from '../coordinator/watch/reading.ts';
import type { Twin } from './twin.ts';

const STATES: readonly NodeState[] = [
  'pending',
  'processing',
  'fetched',
  'failed',
  'retry',
  'releasing',
  'done',
  'dead',
];
const REASONS: readonly DeathReason[] = ['failed', 'crashed', 'terminated', 'superseded', 'left_out'];

export async function compareReads(twin: Twin, runId: string, limit: number): Promise<void> {
  for (const state of STATES) {
    await twin.compareRead(`the list of ${state}`, (side) => idsOf(side, { runId, state, limit }));
  }
  for (const deathReason of REASONS) {
    await twin.compareRead(`the list of ${deathReason}`, (side) => idsOf(side, { runId, deathReason, limit }));
  }
  await twin.compareRead('the list of all', (side) => idsOf(side, { runId, limit }));
  const [node] = await twin.coordinator.listNodes({ runId, limit: 1 });
  const ref = node === undefined ? { id: 'nobody', runId, moduleId: 'm0', phase: 0 } : refOf(node);
  await twin.compareRead('one node', async (side) => (await side.findNode(ref))?.state);
  await twin.compareRead('a node of another run', (side) =>
    side.findNode({ ...ref, runId: `${runId}-unknown`, id: 'x' }),
  );
  await twin.compareRead('what is due', async (side) =>
    (await side.listDue({ runId, limit: 10_000 })).map(({ id, state }) => `${id} ${state}`).sort(),
  );
  await twin.compareRead('events page by page', (side) => eventIdsOf(side, runId, limit));
  const unknown = `${runId}-unknown`;
  await twin.compareRead('an unknown run', (side) => side.findRun(unknown));
  await twin.compareRead('nodes of an unknown run', (side) => side.listNodes({ runId: unknown, limit }));
  await twin.compareRead('events of an unknown run', (side) => side.listEvents({ runId: unknown, afterSeq: 0, limit }));
}

/** Page by page, each node once; their order is each coordinator's own. */
async function idsOf(coordinator: Coordinator, filter: NodeFilter): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const last = ids.at(-1);
    const page = await coordinator.listNodes({ ...filter, ...(last === undefined ? {} : { after: last }) });
    ids.push(...page.map((node) => node.id));
    if (page.length < filter.limit) return ids.sort();
  }
}

async function eventIdsOf(coordinator: Coordinator, runId: string, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let afterSeq = 0;
  for (;;) {
    const page = await coordinator.listEvents({ runId, afterSeq, limit });
    ids.push(...page.map((event) => event.id));
    if (page.length < limit) return ids;
    afterSeq = page.at(-1)!.seq;
  }
}
