import type { Coordinator } from '../../coordination/protocol/port.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { ConfirmedItems, UnconfirmedRows } from '../../store/port.ts';

export interface ResolutionDeps {
  readonly store: Pick<ConfirmedItems, 'listUnconfirmed' | 'confirmItems'>;
  readonly coordinator: Pick<Coordinator, 'findNode'>;
}

/** Executions looked at together. */
const PAGE = 500;
/** Nodes asked for at once. */
const ASKED = 32;
/** Far more than a node can commit while one round asks for it. */
const MAX_ROUNDS = 20;

/**
 * Shows every row of a run whose node has committed with its token, as the coordinator says now. Rows of other tokens are
 * left alone: their execution may still be running. Throws what either side throws, and `items.contended` (retryable).
 */
export async function resolveItems(deps: ResolutionDeps, runId: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (await resolveRound(deps, runId)) return;
  }
  throw new CatenaError('items.contended', `the items of run ${runId} changed faster than they could be confirmed`, {
    class: 'retryable',
    remedy: 'nothing: it is tried again',
  });
}

/** False when a node was confirmed by somebody else between the question and its answer: it has to be asked again. */
async function resolveRound({ store, coordinator }: ResolutionDeps, runId: string): Promise<boolean> {
  let settled = true;
  let after: UnconfirmedRows | undefined;
  for (;;) {
    const page = await store.listUnconfirmed(runId, PAGE, after);
    const committed: UnconfirmedRows[] = [];
    for (let from = 0; from < page.length; from += ASKED) {
      const asked = page.slice(from, from + ASKED).map(async (rows) => {
        const { nodeId: id, moduleId, phase, token } = rows;
        const node = await coordinator.findNode({ id, runId, moduleId, phase });
        if (node?.committedToken === token) committed.push(rows);
      });
      await Promise.all(asked);
    }
    const confirmations = committed.map(({ nodeId, token, shown }) => ({ nodeId, token, replaces: shown }));
    if (confirmations.length > 0) {
      const refused = await store.confirmItems(runId, confirmations);
      settled &&= refused.length === 0;
    }
    if (page.length < PAGE) return settled;
    after = page.at(-1);
  }
}
