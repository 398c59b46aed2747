/**
 * Items where the store stands beside the coordinator:
 *
 *     insert (unseen) → commit: the coordinator decides → confirm, in the background (seen)
 *
 * Whoever dies in between leaves rows that nobody sees. Whoever must see everything that is committed resolves the run
 * first: what nobody confirmed is looked up in the coordinator, so a lost confirmation costs nothing but that question.
 */

import { Rounds } from '../../concurrency/rounds.ts';
import { WriteGroups } from '../../concurrency/write-groups.ts';
import { CommitCode } from '../../coordination/protocol/commits.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { Confirmation, ConfirmedItems, ItemBatch, Store } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';
import type { CommitWithItems, ExecutionCommit } from '../execution/execution.ts';
import { resolveItems } from './item-resolution.ts';

export interface ItemWriterDeps {
  readonly store: ConfirmedItems;
  readonly coordinator: Pick<Coordinator, 'commitSuccess' | 'findNode'>;
  readonly log: Log;
}

export interface ItemWriter {
  /** Stores the items of an execution, commits it, and confirms them later. */
  readonly commitWithItems: CommitWithItems;
  /** When this resolves, every row is seen that was committed before the call, and no other. */
  resolve(runId: string): Promise<void>;
  /** Resolves when everything that was committed before is confirmed, or left to whoever resolves its run. */
  flush(): Promise<void>;
  /** As flush; to be called when no execution is left. */
  stop(): Promise<void>;
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

export function createItemWriter({ store, coordinator, log }: ItemWriterDeps): ItemWriter {
  const inserts = new WriteGroups<ItemBatch>({
    write: (batches) => store.insertItems(batches),
    maxEntries: INSERT_GROUP,
    lanes: INSERT_LANES,
  });
  const confirmations = new WriteGroups<Committed>({
    write: (committed) => confirmByRun(store, log, committed),
    maxEntries: CONFIRM_GROUP,
    lanes: CONFIRM_LANES,
    lingerMs: CONFIRM_LINGER_MS,
  });
  const rounds = new Rounds((runId) => resolveItems({ store, coordinator }, runId));

  return {
    commitWithItems: async (commit, items) => {
      const batch = items ?? markerFor(commit);
      if (batch === undefined) return coordinator.commitSuccess(commit);
      failpoint('items.before_write');
      await inserts.add(batch);
      failpoint('items.after_write');
      const outcome = await coordinator.commitSuccess(commit);
      if (outcome.code === CommitCode.COMMIT_OK || outcome.code === CommitCode.ALREADY_COMMITTED) {
        const { runId, nodeId, token } = batch;
        void confirmations.add({ runId, nodeId, token, replaces: commit.node.committedToken });
      }
      return outcome;
    },
    resolve: async (runId) => {
      // Confirming what this process committed itself needs no question.
      await confirmations.flush();
      await rounds.join(runId);
    },
    flush: () => confirmations.flush(),
    stop: () => confirmations.flush(),
  };
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
export function resolvingStore<Kind extends Store>(store: Kind, { resolve }: Pick<ItemWriter, 'resolve'>): Kind {
  const reading: Pick<Store, 'readItems' | 'countItems' | 'hasWithdrawnItems' | 'settleRun'> = {
    readItems: async (query) => {
      await resolve(query.runId);
      return store.readItems(query);
    },
    countItems: async (runId) => {
      await resolve(runId);
      return store.countItems(runId);
    },
    hasWithdrawnItems: async (runId, upToSeq) => {
      await resolve(runId);
      return store.hasWithdrawnItems(runId, upToSeq);
    },
    settleRun: async (runId, end, records) => {
      await resolve(runId);
      return store.settleRun(runId, end, records);
    },
  };
  return { ...store, ...reading };
}
