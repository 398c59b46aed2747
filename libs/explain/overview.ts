/** All runs of a file or a deployment at one moment: who has what share, what waits for what, and which stages there are. */
import type { ProcessInfo } from '../bus/process-info.ts';
import { type PriorityClass, priorityClass } from '../contracts/priority.ts';
import { type ChainNode, LAST_OPENING_MS } from '../coordination/protocol/node.ts';
import type { Coordinator } from '../coordination/protocol/port.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import type { BreakerSnapshot } from '../limits/breakers.ts';
import type { KeySnapshot } from '../limits/rate-limiter.ts';
import type { RunRecord, Store } from '../store/port.ts';
import type { BackendHealth } from '../telemetry/health.ts';
import { MOST_RUNS, totalOf } from './turns.ts';

/** An open run. */
export interface RunShare {
  readonly runId: string;
  readonly modules: readonly string[];
  readonly account: string;
  readonly priorityClass: PriorityClass;
  readonly acceptedAtMs: number;
  readonly isPaused: boolean;
  /** Nodes with the stages, and those that stand ready outside of the run's windows. */
  readonly inside: number;
  readonly ready: number;
  /** All nodes that have not ended, and those that have. */
  readonly open: number;
  readonly done: number;
  readonly dead: number;
  /** Its part of the nodes of all listed runs that are with the stages, from 0 to 1. */
  readonly share: number;
}

/** What nodes wait for. */
export const WAITS = ['rate limit', 'breaker', 'retry', 'slot', 'parser', 'decision', 'window', 'later phase'] as const;
export type Wait = (typeof WAITS)[number];

export interface StageLook {
  readonly stage: string;
  /** Processes that host it; undefined when there is only one process. */
  readonly processes: number | undefined;
  /** Nodes that it executes, and those that wait for it, of those that were looked at; see {@link WORK}. */
  readonly executing: number;
  readonly waiting: number;
}

export type OpenBreaker = Pick<BreakerSnapshot, 'key' | 'state' | 'trialAtMs'>;

export interface Overview {
  readonly atMs: number;
  /** Runs that wait to be opened, and open ones, counted up to {@link MOST_RUNS}. */
  readonly waitingRuns: number;
  readonly openRuns: number;
  /** The runs with most nodes at the stages first, at most {@link SHOWN_RUNS}. */
  readonly runs: readonly RunShare[];
  /** Nodes of the listed runs by what they wait for. */
  readonly waits: readonly { readonly wait: Wait; readonly nodes: number }[];
  readonly stages: readonly StageLook[];
  /** Limits in use. */
  readonly hosts: readonly KeySnapshot[];
  /** Breakers that are not closed. */
  readonly breakers: readonly OpenBreaker[];
  readonly backends: readonly Pick<BackendHealth, 'backend' | 'isReady' | 'reason'>[];
  /** Whether some nodes or runs were not looked at: then numbers are lower bounds. */
  readonly isSampled: boolean;
}

export interface OverviewSource {
  readonly store: Pick<Store, 'listRuns' | 'countRuns'>;
  readonly coordinator: Pick<Coordinator, 'findRun' | 'listDue'>;
  readonly limits: (keys: readonly string[]) => Promise<readonly KeySnapshot[]>;
  readonly breakers: () => Promise<readonly BreakerSnapshot[]>;
  /** Undefined when there is only one process. */
  readonly processes: (() => Promise<readonly ProcessInfo[]>) | undefined;
  readonly backends: () => readonly BackendHealth[];
  readonly nowMs: number;
}

export const SHOWN_RUNS = 20;
/** Open runs that are looked at, and nodes of each of their phases. */
const LOOKED_RUNS = 100;
const SAMPLE = 100;
/** Limits that are asked for. */
const MOST_KEYS = 50;

const STAGES = ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'] as const;

/** Its cost is bounded, however many runs and nodes there are. */
export async function readOverview(source: OverviewSource): Promise<Overview> {
  const { store, coordinator, nowMs } = source;
  const [records, waitingRuns, openRuns, processes] = await Promise.all([
    store.listRuns({ state: 'open', limit: LOOKED_RUNS }),
    store.countRuns('accepted', MOST_RUNS),
    store.countRuns('open', MOST_RUNS),
    source.processes?.(),
  ]);
  const snapshots = await Promise.all(records.map(({ runId }) => coordinator.findRun(runId)));
  const looks = records.flatMap((record, at) => {
    const snapshot = snapshots[at];
    return snapshot === undefined ? [] : [shareOf(record, snapshot)];
  });
  const inside = sum(looks.map((look) => look.inside));
  const runs = looks
    .sort((one, other) => other.inside - one.inside || other.open - one.open)
    .slice(0, SHOWN_RUNS)
    .map((look) => ({ ...look, share: inside === 0 ? 0 : look.inside / inside }));
  const looked = await Promise.all(runs.map(({ runId }) => coordinator.listDue({ runId, limit: SAMPLE })));
  const nodes = looked.flat();
  const [hosts, breakers] = await Promise.all([source.limits(keysOf(nodes)), source.breakers()]);
  const ready = sum(runs.map((run) => run.ready));
  return {
    ...{ atMs: nowMs, waitingRuns, openRuns, runs },
    waits: waitsOf(nodes, hosts, breakers, ready),
    stages: STAGES.map((stage) => stageLook(stage, nodes, processes)),
    hosts: hosts.filter(({ waiting, inFlight, nextAtMs }) => waiting + inFlight > 0 || nextAtMs !== undefined),
    ...{ breakers, backends: source.backends() },
    // A list that is not full has all that there is.
    isSampled: openRuns > runs.length || looked.some(({ length }) => length >= SAMPLE),
  };
}

function shareOf(record: RunRecord, { modules, paused }: RunSnapshot): RunShare {
  const phases = modules.flatMap((module) => module.phases);
  const { runId, account, priority, acceptedAtMs } = record;
  return {
    ...{ runId, account, acceptedAtMs, modules: record.modules, priorityClass: priorityClass(priority) },
    isPaused: paused,
    inside: totalOf(phases.map((phase) => phase.inside)),
    ready: totalOf(phases.map((phase) => phase.ready)),
    open: sum(phases.map((phase) => phase.open)),
    done: sum(phases.map((phase) => phase.done)),
    dead: sum(phases.map((phase) => phase.dead)),
    share: 0,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function keysOf(nodes: readonly ChainNode[]): string[] {
  const keys = nodes.flatMap(({ kind, limitKey }) => (kind === 'request' && limitKey !== undefined ? [limitKey] : []));
  return [...new Set(keys)].filter((key) => key !== '').slice(0, MOST_KEYS);
}

function waitsOf(
  nodes: readonly ChainNode[],
  hosts: readonly KeySnapshot[],
  breakers: readonly BreakerSnapshot[],
  ready: number,
): Overview['waits'] {
  const limited = new Set(hosts.filter(isHolding).map(({ key }) => key));
  const opened = breakers.length > 0;
  const counts = new Map<Wait, number>([['window', ready]]);
  for (const node of nodes) {
    const wait = waitOf(node, limited, opened);
    if (wait !== undefined) counts.set(wait, (counts.get(wait) ?? 0) + 1);
  }
  return WAITS.flatMap((wait) => ((counts.get(wait) ?? 0) > 0 ? [{ wait, nodes: counts.get(wait)! }] : []));
}

const isHolding = ({ waiting, nextAtMs }: KeySnapshot): boolean => waiting > 0 || nextAtMs !== undefined;

/** Undefined for a node that is executed. */
function waitOf(node: ChainNode, limited: ReadonlySet<string>, hasOpenBreakers: boolean): Wait | undefined {
  if (node.dueAtMs >= LAST_OPENING_MS) return 'later phase';
  switch (node.state) {
    case 'retry':
      return hasOpenBreakers && node.error.includes('"breaker.open"') ? 'breaker' : 'retry';
    case 'fetched':
      return 'parser';
    case 'failed':
      return 'decision';
    case 'pending':
      return node.kind === 'request' && limited.has(node.limitKey ?? '') ? 'rate limit' : 'slot';
    default:
      return undefined;
  }
}

/** The nodes that a stage executes and those that wait for it; a request counts at the downloader until its response waits. */
const WORK: Readonly<Record<(typeof STAGES)[number], Readonly<Record<'executing' | 'waiting', readonly string[]>>>> = {
  ingress: { executing: [], waiting: [] },
  'module-processor': { executing: ['hop processing'], waiting: ['hop pending'] },
  downloader: { executing: ['request processing'], waiting: ['request pending'] },
  parser: { executing: [], waiting: ['request fetched'] },
  'error-threshold': { executing: [], waiting: ['hop failed', 'request failed'] },
};

function stageLook(
  stage: (typeof STAGES)[number],
  nodes: readonly ChainNode[],
  processes: readonly ProcessInfo[] | undefined,
): StageLook {
  const count = (kinds: readonly string[]) =>
    nodes.filter(({ kind, state, dueAtMs }) => dueAtMs < LAST_OPENING_MS && kinds.includes(`${kind} ${state}`)).length;
  const { executing, waiting } = WORK[stage];
  return {
    stage,
    processes: processes?.filter(({ stages }) => stages.includes(stage)).length,
    executing: count(executing),
    waiting: count(waiting),
  };
}
