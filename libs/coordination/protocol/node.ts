/**
 * A node is the unit of claim and commit: one vertex of a run's lineage tree.
 *
 *     pending ─claim→ processing ─commit→ done            (or releasing → done, while staged children move)
 *        ↑                │ ├─release→ fetched ─claim→ processing
 *        │                │ └─fail→ failed ─decide→ retry ─due→ pending
 *        └──lease over────┘                └─decide→ dead
 *
 * `done` and `dead` are terminal; only a replay or a fallback re-opens them, with the next epoch.
 */

/** A hop executes a step with a state; a request is downloaded and parsed. */
export type NodeKind = 'hop' | 'request';

export type NodeState = 'pending' | 'processing' | 'fetched' | 'failed' | 'retry' | 'releasing' | 'done' | 'dead';

/** Why a node is dead. `superseded`: a fallback took its place; no dead letter, no error counted. */
export type DeathReason = 'failed' | 'crashed' | 'deadline_exceeded' | 'terminated' | 'cancelled' | 'superseded';

/** Locates a node: enough to name every key that a transition on it uses. */
export interface NodeRef {
  /** ptm_key. */
  readonly id: string;
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
}

/** The data from which a node is created. */
export interface NodeSeed {
  readonly id: string;
  readonly kind: NodeKind;
  readonly phase: number;
  readonly stepIdx: number;
  /** The request whose parse first produced this hop; empty for first hops. */
  readonly prefixRequest: string;
  /** JSON for the executor of the node; opaque to the coordinator. */
  readonly body: string;
  /** Rate-limit key of a request; stored so that a wake-up can wait for the limit before the node is claimed. */
  readonly limitKey?: string;
}

export interface ChainNode extends NodeRef, NodeSeed {
  readonly phase: number;
  readonly state: NodeState;
  readonly epoch: number;
  /** Executions begun since the node was created or replayed, without crashed ones. */
  readonly attempts: number;
  /** Executions whose lease ran out. */
  readonly crashes: number;
  /** How often the sweeper notified it in this epoch. */
  readonly dispatches: number;
  readonly owner: string;
  readonly token: string;
  /** Unix milliseconds at which the sweeper must look at it next; 0 once terminal. */
  readonly dueAtMs: number;
  /** The recorded failure as JSON, empty if none. */
  readonly error: string;
  readonly deathReason: DeathReason | '';
  /** The token of the last commit; the rows stored under it are the node's items. Empty before the first commit. */
  readonly committedToken: string;
}

export function isTerminal(state: NodeState): boolean {
  return state === 'done' || state === 'dead';
}
