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

/**
 * Why a node is dead. Two reasons are no failure, and make no dead letter: `superseded`, a fallback took its place; `left_out`, its
 * run had reached a cap before.
 */
export type DeathReason =
  | 'failed'
  | 'crashed'
  | 'deadline_exceeded'
  | 'terminated'
  | 'cancelled'
  | 'superseded'
  | 'left_out';

/** The reasons for which a dead node can be replayed: the node that took the place of a superseded one is there already. */
export const REPLAYABLE = [
  'failed',
  'crashed',
  'deadline_exceeded',
  'terminated',
  'cancelled',
  'left_out',
] as const satisfies readonly DeathReason[];

/** Those of them that are replayed unless others are asked for. */
export const REPLAYED_BY_DEFAULT: readonly DeathReason[] = ['failed', 'crashed'];

/** Whether a dead node failed: joins count it, and it becomes a dead letter. */
export function isFailure(reason: DeathReason | ''): boolean {
  return reason !== 'superseded' && reason !== 'left_out';
}

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
  /**
   * A hop of a compute step in a module that opens its later phases early. It is computed again when the hop that yields it is; one
   * that an open phase or a request yields waits for the last opening of its phase.
   */
  readonly isComputed?: boolean;
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
  /** In which opening of the later phases it was claimed last: 1, and more each time they opened again. 0 before the first claim. */
  readonly revision: number;
  /** Whether an earlier phase was open when it was claimed last: what it yields is preliminary. */
  readonly isEarly: boolean;
}

/**
 * The due time, in Unix milliseconds, of a node that waits for the last opening of its phase while that phase is open early: later
 * than any time. It is due once its phase is the current one.
 */
export const LAST_OPENING_MS = 8e15;

/**
 * The due times of nodes that stand ready outside of their module's window: later than any clock, and before {@link LAST_OPENING_MS}.
 * A hop is due at `READY_HOP_MS` plus the number of nodes of its run that were created before it, a request at
 * `READY_REQUEST_MS` plus that number. So the nodes that enter the window next are the first ones of these ranges.
 */
export const READY_HOP_MS = 4e15;
export const READY_REQUEST_MS = 5e15;

/** The due time of a ready node; `place` is the number of nodes of its run that were created before it. */
export function readyAt(kind: NodeKind, place: number): number {
  return (kind === 'hop' ? READY_HOP_MS : READY_REQUEST_MS) + place;
}

/** Whether a pending node with this due time stands ready, outside of its module's window. */
export function isReady(dueAtMs: number): boolean {
  return dueAtMs >= READY_HOP_MS && dueAtMs < LAST_OPENING_MS;
}

/**
 * How a node stands to the window of its module. `inside`: a stage works on it, or has been asked to. `ready`: it may be executed
 * as soon as the window has room. `outside`: it waits for a time or for its phase, or it has ended.
 */
export type WindowPlace = 'outside' | 'inside' | 'ready';

export function windowPlace({ state, dueAtMs }: Pick<ChainNode, 'state' | 'dueAtMs'>): WindowPlace {
  if (state === 'pending') {
    if (dueAtMs < READY_HOP_MS) return 'inside';
    return isReady(dueAtMs) ? 'ready' : 'outside';
  }
  return state === 'retry' || isTerminal(state) ? 'outside' : 'inside';
}

export function isTerminal(state: NodeState): boolean {
  return state === 'done' || state === 'dead';
}
