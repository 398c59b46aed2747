/**
 * Stores items when the store is a server of its own:
 *
 *     insert (hidden rows) → commit (the coordinator decides) → confirm in the background (visible rows)
 *
 * A process that dies in between leaves hidden rows. A reader that needs all committed rows resolves the run first: it asks the
 * coordinator about unconfirmed rows. So a lost confirmation costs only that query.
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
/** Confirmations wait this long to be written in few large batches; nobody waits for them, and a reader can flush them. */
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

  /** Makes visible every row that was committed before the call, and no other. */
  async resolve(runId: string): Promise<void> {
    // Commits of this process can be confirmed without asking the coordinator.
    await this.#confirmations.flush();
    await this.#rounds.join(runId);
  }

  /** Resolves when all earlier commits are confirmed; failed confirmations are left to the next {@link resolve}. */
  flush(): Promise<void> {
    return this.#confirmations.flush();
  }
}

/** A commit without items hides the rows of the node's earlier commit; this empty batch makes the store do so. */
function markerFor({ node, token }: ExecutionCommit): ItemBatch | undefined {
  if (node.committedToken === '') return undefined;
  const { runId, moduleId, phase, id: nodeId, revision } = node;
  return { runId, moduleId, phase, nodeId, token, revision, items: [] };
}

/** Confirms commits. Never throws: failed confirmations are left to the next {@link InsertThenConfirm.resolve}. */
async function confirmByRun(store: ConfirmedItems, log: Log, committed: readonly Committed[]): Promise<void> {
  for (const [runId, confirmations] of Map.groupBy(committed, (each) => each.runId)) {
    try {
      const refused = await store.confirmItems(runId, confirmations);
      if (refused.length > 0)
        log.debug('the store refused outdated item confirmations', { run_id: runId, nodes: refused.length });
    } catch (error) {
      log.warn('the store could not confirm items; a reader confirms them', {
        run_id: runId,
        nodes: confirmations.length,
        error,
      });
    }
  }
}

/** A store whose readers see everything that was committed before their call. */
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
    hasWithdrawnItems: async (runId, upToSeq, withReplaced) => {
      await items.resolve(runId);
      return store.hasWithdrawnItems(runId, upToSeq, withReplaced);
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

/** Executions checked together. */
const PAGE = 500;
/** Nodes read at the same time. */
const PARALLEL_READS = 32;
/** A node cannot commit nearly this often during one round. */
const MAX_ROUNDS = 20;

/**
 * Makes visible every row of a run whose node has committed with its token, according to the coordinator. Rows of other tokens
 * are not changed: their execution may still be running. Throws the errors of both sides, and `items.contended` (retryable).
 */
async function resolveItems(deps: ResolutionDeps, runId: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (await resolveRound(deps, runId)) return;
  }
  throw new CatenaError('items.contended', `the items of run ${runId} changed faster than they could be confirmed`, {
    class: 'retryable',
    remedy: 'nothing: the caller retries',
  });
}

/** Returns false when another process confirmed a node in the meantime, so that the round must be repeated. */
async function resolveRound({ store, coordinator }: ResolutionDeps, runId: string): Promise<boolean> {
  let isComplete = true;
  let after: UnconfirmedRows | undefined;
  for (;;) {
    const page = await store.listUnconfirmed(runId, PAGE, after);
    const committed: UnconfirmedRows[] = [];
    for (let from = 0; from < page.length; from += PARALLEL_READS) {
      const reads = page.slice(from, from + PARALLEL_READS).map(async (rows) => {
        const { nodeId: id, moduleId, phase, token } = rows;
        const node = await coordinator.findNode({ id, runId, moduleId, phase });
        if (node?.committedToken === token) committed.push(rows);
      });
      await Promise.all(reads);
    }
    const confirmations = committed.map(({ nodeId, token, shown }) => ({ nodeId, token, replaces: shown }));
    if (confirmations.length > 0) {
      const refused = await store.confirmItems(runId, confirmations);
      isComplete &&= refused.length === 0;
    }
    if (page.length < PAGE) return isComplete;
    after = page.at(-1);
  }
}
