/** Reads; none of them changes anything. */
import type { ChainNode, DeathReason, NodeRef } from './node.ts';

export interface PhaseSnapshot {
  readonly created: number;
  readonly done: number;
  readonly dead: number;
  readonly open: number;
  /** Empty while open; `settled` when it emptied, `deadline` when it was closed by force. */
  readonly closed: '' | 'settled' | 'deadline';
}

export interface ModuleSnapshot {
  readonly moduleId: string;
  readonly state: 'open' | 'done' | 'terminated';
  readonly reason: string;
  /** The phase that is open now; the number of phases when all are over. */
  readonly currentPhase: number;
  readonly phases: readonly PhaseSnapshot[];
  /** Executions that ended in a commit or a counted error, and the errors among them, since the last replay. */
  readonly executions: number;
  readonly errors: number;
}

/** What a run looks like at one moment. */
export interface RunSnapshot {
  readonly runId: string;
  readonly state: 'open' | 'closing' | 'closed';
  readonly mark: '' | 'cancelled' | 'terminated';
  readonly reason: string;
  readonly paused: boolean;
  /** How often the run was opened: once, and again by a replay after its end. */
  readonly openings: number;
  readonly modules: readonly ModuleSnapshot[];
}

export interface NodeFilter {
  readonly runId: string;
  readonly state?: ChainNode['state'];
  readonly deathReason?: DeathReason;
  readonly limit: number;
  /** Continue behind the node with this id. */
  readonly after?: string;
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
  /** A run with its counters at one moment; undefined when it is unknown. */
  findRun(runId: string): Promise<RunSnapshot | undefined>;
  /** A node; undefined when it is unknown. */
  findNode(node: NodeRef): Promise<ChainNode | undefined>;
  /** Nodes of a run that the filter selects, a page at most, in the order in which they came into being. */
  listNodes(filter: NodeFilter): Promise<readonly ChainNode[]>;
  /** A page of a run's timeline behind a sequence number. */
  listEvents(filter: EventFilter): Promise<readonly TimelineEvent[]>;
}
