/** Reads; they change nothing. */
import type { CapUse } from '../../contracts/caps.ts';
import type { ChainNode, DeathReason, NodeRef } from './node.ts';

/** Nodes by kind. */
export interface ByKind {
  readonly hop: number;
  readonly request: number;
}

export interface PhaseSnapshot {
  readonly created: number;
  readonly done: number;
  /** Without those that a cap has left out. */
  readonly dead: number;
  /** Nodes that a cap of the run has left out; absent for none. */
  readonly leftOut?: number;
  readonly open: number;
  /** Its nodes inside the module's window, and those that stand ready outside of it; absent in what a client is told. */
  readonly inside?: ByKind;
  readonly ready?: ByKind;
  /** Empty while open; `settled` when its last node ended, `deadline` when its deadline closed it. */
  readonly closed: '' | 'settled' | 'deadline';
}

export interface ModuleSnapshot {
  readonly moduleId: string;
  readonly state: 'open' | 'done' | 'terminated';
  readonly reason: string;
  /** The current phase; the number of phases when all are over. */
  readonly currentPhase: number;
  /**
   * The furthest phase that is open: the current one, or where an early opening is; the number of phases when the early opening has
   * opened all of them.
   */
  readonly front: number;
  /** The number of the present opening of the later phases: 1, and one more each time they opened again. */
  readonly revision: number;
  readonly phases: readonly PhaseSnapshot[];
  /** Until when it cools down, in Unix milliseconds; 0 if it never did, and absent in what a client is told. */
  readonly cooldownUntilMs?: number;
  /** Executions that ended in a commit or a counted error, and the errors among them, since the last replay. */
  readonly executions: number;
  readonly errors: number;
}

/** A run at one moment. */
export interface RunSnapshot {
  readonly runId: string;
  readonly state: 'open' | 'closing' | 'closed';
  readonly mark: '' | 'cancelled' | 'terminated';
  readonly reason: string;
  readonly paused: boolean;
  /** How often the run was opened: once, and once more for each replay after its end. */
  readonly openings: number;
  /** Absent in a run without caps. */
  readonly capUse?: CapUse;
  readonly modules: readonly ModuleSnapshot[];
}

export interface NodeFilter {
  readonly runId: string;
  readonly state?: ChainNode['state'];
  readonly deathReason?: DeathReason;
  readonly limit: number;
  /** Continues after the node with this id. */
  readonly after?: string;
}

export interface DueFilter {
  readonly runId: string;
  /** Nodes of each phase at most, of those that are due at a time and of those that wait for the last opening. */
  readonly limit: number;
}

export interface EventFilter {
  readonly runId: string;
  readonly afterSeq: number;
  readonly limit: number;
}

/** An event of a run's timeline; `seq` orders them. */
export interface TimelineEvent {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Reads {
  /** Returns a run with its counters at one moment; undefined when it is unknown. */
  findRun(runId: string): Promise<RunSnapshot | undefined>;
  /** Returns a node; undefined when it is unknown. */
  findNode(node: NodeRef): Promise<ChainNode | undefined>;
  /** Returns a page of the nodes that the filter selects, in the order of their creation. */
  listNodes(filter: NodeFilter): Promise<readonly ChainNode[]>;
  /**
   * Returns open nodes of each phase, those that are due first, and none of those that stand ready outside of a window: a run counts
   * them. Its cost follows the limit, not the run.
   */
  listDue(filter: DueFilter): Promise<readonly ChainNode[]>;
  /** Returns a page of a run's timeline after a sequence number. */
  listEvents(filter: EventFilter): Promise<readonly TimelineEvent[]>;
}
