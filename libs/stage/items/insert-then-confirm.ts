/**
 * Items where the store stands beside the coordinator:
 *
 *     insert (unseen) → commit: the coordinator decides → confirm, in the background (seen)
 *
 * Whoever dies in between leaves rows that nobody sees. Whoever must see everything that is committed resolves the run
 * first: what nobody confirmed is looked up in the coordinator, so a lost confirmation costs nothing but that question.
 */

import { Batches } from '../../concurrency/batches.ts';
import { NextRound } from '../../concurrency/next-round.ts';
import type { CommitOutcome } from '../../coordination/protocol/commits.ts';
import { CommitCode } from '../../coordination/protocol/commits.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { Confirmation, ConfirmedItems, ItemBatch, Store, UnconfirmedRows } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';
import type { CommitPort, ExecutionCommit } from './commit-port.ts';

export interface InsertThenConfirmDeps {
  readonly store: ConfirmedItems;
  readonly coordinator: Pick<Coordinator, 'commitSuccess' | 'findNode'>;
  readonly log: Log;
}

/** Executions whose rows are written together. */
const INSERT_GROUP = 256;
const INSERT_LANES = 3;
const CONFIRM_GROUP = 1_000;
const CONFIRM_LANES = 2;
/** Nobody waits for a confirmation, and whoever wants to see all rows has them written at once: few large ones cost less. */
const CONFIRM_LINGER_MS = 50;

interface Committed extends Confirmation {
  readonly runId: string;
}

export class InsertThenConfirm implements CommitPort {
  readonly #coordinator: InsertThenConfirmDeps['coordinator'];
  readonly #inserts: Batches<ItemBatch>;
  readonly #confirmations: Batches<Committed>;
  readonly #rounds: NextRound;

  constructor({ store, coordinator, log }: InsertThenConfirmDeps) {
    this.#coordinator = coordinator;
    this.#inserts = new Batches({
      write: (batches) => store.insertItems(batches),
      maxEntries: INSERT_GROUP,
      lanes: INSERT_LANES,
    });
    this.#confirmations = new Batches({
      write: (committed) => confirmByRun(store, log, committed),
      maxEntries: CONFIRM_GROUP,
      lanes: CONFIRM_LANES,
      lingerMs: CONFIRM_LINGER_MS,
    });
    this.#rounds = new NextRound((runId) => resolveItems({ store, coordinator }, runId));
  }

  /** Stores the items of an execution, commits it, and confirms them later. */
  async commit(commit: ExecutionCommit, items: ItemBatch | undefined): Promise<CommitOutcome> {
    const batch = items ?? markerFor(commit);
    if (batch === undefined) return this.#coordinator.commitSuccess(commit);
    failpoint('items.before_write');
    await this.#inserts.add(batch);
    failpoint('items.after_write');
    const outcome = await this.#coordinator.commitSuccess(commit);
    if (outcome.code === CommitCode.COMMIT_OK || outcome.code === CommitCode.ALREADY_COMMITTED) {
      const { runId, nodeId, token } = batch;
      void this.#confirmations.add({ runId, nodeId, token, replaces: commit.node.committedToken });
    }
    return outcome;
  }

  /** When this resolves, every row is seen that was committed before the call, and no other. */
  async resolve(runId: string): Promise<void> {
    // Confirming what this process committed itself needs no question.
    await this.#confirmations.flush();
    await this.#rounds.join(runId);
  }

  /** Resolves when everything that was committed before is confirmed, or left to whoever resolves its run. */
  flush(): Promise<void> {
    return this.#confirmations.flush();
  }
}

/** A commit without items takes back the rows of an earlier one: its marker is what tells so. */
function markerFor({ node, token }: ExecutionCommit): ItemBatch | undefined {
  if (node.committedToken === '') return undefined;
  const { runId, moduleId, phase, id: nodeId } = node;
  return { runId, moduleId, phase, nodeId, token, items: [] };
}

/** Never throws: what could not be confirmed is left to whoever resolves the run. */
async function confirmByRun(store: ConfirmedItems, log: Log, committed: readonly Committed[]): Promise<void> {
  for (const [runId, confirmations] of Map.groupBy(committed, (each) => each.runId)) {
    try {
      const refused = await store.confirmItems(runId, confirmations);
      if (refused.length > 0) log.debug('confirmations came too late', { run_id: runId, nodes: refused.length });
    } catch (error) {
      log.warn('items could not be confirmed yet', { run_id: runId, nodes: confirmations.length, error });
    }
  }
}

/** A store whose readers see everything that was committed before they asked. */
export function resolvingStore<Kind extends Store>(store: Kind, items: Pick<InsertThenConfirm, 'resolve'>): Kind {
  const reading: Pick<Store, 'readItems' | 'countItems' | 'hasWithdrawnItems' | 'closeRun'> = {
    readItems: async (query) => {
      await items.resolve(query.runId);
      return store.readItems(query);
    },
    countItems: async (runId) => {
      await items.resolve(runId);
      return store.countItems(runId);
    },
    hasWithdrawnItems: async (runId, upToSeq) => {
      await items.resolve(runId);
      return store.hasWithdrawnItems(runId, upToSeq);
    },
    closeRun: async (runId, end, records) => {
      await items.resolve(runId);
      return store.closeRun(runId, end, records);
    },
  };
  return { ...store, ...reading };
}

interface ResolutionDeps {
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
async function resolveItems(deps: ResolutionDeps, runId: string): Promise<void> {
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
  let isWhole = true;
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
      isWhole &&= refused.length === 0;
    }
    if (page.length < PAGE) return isWhole;
    after = page.at(-1);
  }
}
