/** Executions, committers that die or come late, and a coordinator that says what was committed: around one run's items. */

import { CommitCode, type CommitCommand, type CommitOutcome } from '../../../libs/coordination/protocol/commits.ts';
import type { ChainNode, NodeRef } from '../../../libs/coordination/protocol/node.ts';
import type { ExecutionCommit } from '../../../libs/stage/items/commit-port.ts';
import { InsertThenConfirm } from '../../../libs/stage/items/insert-then-confirm.ts';
import type { Confirmation, ConfirmedItems, Store } from '../../../libs/store/port.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';

export const RUN = 'r';
const MODULE = 'm@1.0.0';

interface NodeTruth {
  /** The token that may commit. */
  token: string;
  committedToken: string;
  /** What the execution of the committed token yielded. */
  items: readonly string[];
}

/** An execution that has begun: it may commit long after somebody took its node over. */
export interface Execution {
  readonly node: ChainNode;
  readonly items: readonly string[];
}

/** How a committer fares: `dies` after the coordinator has answered, `late` when its confirmations are kept back. */
export type Fate = 'good' | 'dies' | 'late';

type ItemStore = Store & ConfirmedItems;

export class ItemWorld {
  readonly store: ItemStore;
  /** Resolves and reads; it commits nothing itself. */
  readonly reader: InsertThenConfirm;
  readonly executions: Execution[] = [];
  readonly #nodes = new Map<string, NodeTruth>();
  readonly #late: Confirmation[] = [];
  #tokens = 0;

  constructor(store: ItemStore) {
    this.store = store;
    this.reader = this.#writer(store);
  }

  /** Claims a node: whoever held it before cannot commit any more. */
  begin(nodeId: string, items: number): void {
    this.#tokens += 1;
    const token = `t${this.#tokens}`;
    const truth = this.#nodes.get(nodeId) ?? { token: '', committedToken: '', items: [] };
    this.#nodes.set(nodeId, { ...truth, token });
    const yielded = Array.from({ length: items }, (_, n) => JSON.stringify(`${nodeId}.${token}.${n}`));
    this.executions.push({ node: chainNode(nodeId, token, truth.committedToken), items: yielded });
  }

  async commit({ node, items }: Execution, fate: Fate): Promise<void> {
    const store: ConfirmedItems =
      fate === 'good'
        ? this.store
        : {
            ...this.store,
            confirmItems: async (_run, confirmations) => {
              if (fate === 'late') this.#late.push(...confirmations);
              return [];
            },
          };
    const writer = this.#writer(store, items);
    const { runId, moduleId, phase, id: nodeId, token } = node;
    const rows = items.map((data) => ({ type: 'row', data }));
    const batch = rows.length === 0 ? undefined : { runId, moduleId, phase, nodeId, token, items: rows };
    const commit: ExecutionCommit = { node, token, children: [], staged: 0, wakeUps: 0 };
    await writer.commit(commit, batch);
    await writer.flush();
  }

  /** One of the late confirmations arrives. */
  async arrive(which: number): Promise<void> {
    const [confirmation] = this.#late.splice(which % Math.max(1, this.#late.length), 1);
    if (confirmation !== undefined) await this.store.confirmItems(RUN, [confirmation]);
  }

  /** What every reader must see once the run is resolved, sorted. */
  truth(): string[] {
    return [...this.#nodes.values()].flatMap(({ items }) => [...items]).sort();
  }

  #writer(store: ConfirmedItems, items: readonly string[] = []): InsertThenConfirm {
    const findNode = async ({ id }: NodeRef) => {
      const truth = this.#nodes.get(id);
      return truth === undefined ? undefined : chainNode(id, truth.token, truth.committedToken);
    };
    const commitSuccess = async (commit: CommitCommand) => this.#decide(commit, items);
    return new InsertThenConfirm({ store, coordinator: { findNode, commitSuccess }, log: silentLog });
  }

  #decide({ node, token }: CommitCommand, items: readonly string[]): CommitOutcome {
    const truth = this.#nodes.get(node.id)!;
    const code = truth.token === token ? CommitCode.COMMIT_OK : CommitCode.FENCING_REJECT;
    if (code === CommitCode.COMMIT_OK) this.#nodes.set(node.id, { token, committedToken: token, items });
    return { code, wakeUps: [], released: [], created: 0, gateLost: 0, leftOut: 0, items: 0, releasing: false };
  }
}

function chainNode(id: string, token: string, committedToken: string): ChainNode {
  return {
    ...{ id, runId: RUN, moduleId: MODULE, phase: 0, kind: 'request', stepIdx: 0, prefixRequest: '', body: '' },
    ...{ state: 'processing', epoch: 0, attempts: 1, crashes: 0, dispatches: 0, owner: 'o', dueAtMs: 0, error: '' },
    ...{ token, committedToken, deathReason: '', revision: 1, isEarly: false },
  };
}
