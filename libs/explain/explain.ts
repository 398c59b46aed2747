/** Explains why a run is not finished; a pure function of its state at one moment. */

import type { ProcessInfo } from '../bus/process-info.ts';
import { capText } from '../contracts/caps.ts';
import type { ChainNode } from '../coordination/protocol/node.ts';
import type { ModuleSnapshot, RunSnapshot } from '../coordination/protocol/reads.ts';
import type { BodyMemorySnapshot } from '../limits/body-memory.ts';
import type { BreakerSnapshot } from '../limits/breakers.ts';
import type { KeySnapshot } from '../limits/rate-limiter.ts';
import type { RunFailure, RunRecord, TaskRecord } from '../store/port.ts';
import type { BackendHealth } from '../telemetry/health.ts';
import { longCalls, type ProcessCalls } from './calls.ts';
import { missingConsumers } from './consumers.ts';
import { explainNodes } from './nodes.ts';
import { countOf, fromNow, markText, type RunReason, subject } from './reasons.ts';
import { type OtherRuns, outsideOfWindow, placeOf } from './turns.ts';

export interface RunState {
  readonly record: RunRecord;
  /** Undefined before the run is opened, and after its nodes were deleted. */
  readonly snapshot: RunSnapshot | undefined;
  /** Open nodes, or as many of each state as were read. */
  readonly nodes: readonly ChainNode[];
  /** Rate limits that requests may wait for. */
  readonly limits: readonly KeySnapshot[];
  /** Circuit breakers that requests may wait for, if they can be read. */
  readonly breakers?: readonly BreakerSnapshot[];
  /** The processes of the deployment; undefined when there is only one. */
  readonly processes?: readonly ProcessInfo[] | undefined;
  /** Failures of the run so far by kind, of dead nodes and of those that wait for a retry, or of as many as were read. */
  readonly failures?: readonly RunFailure[];
  /** Other runs that it waits behind or beside, if they were counted. */
  readonly others?: OtherRuns | undefined;
  /** Its named task, if it has one and waits to be opened. */
  readonly task?: Pick<TaskRecord, 'name' | 'mark' | 'coolsUntilMs'> | undefined;
  /** The memory for bodies of the process that explains, if it downloads. */
  readonly bodyMemory?: BodyMemorySnapshot;
  /** The calls of the processes, as far as they are known. */
  readonly calls?: readonly ProcessCalls[];
  /** The backends of the process that explains, as it checked them last. */
  readonly backends?: readonly BackendHealth[];
  readonly nowMs: number;
}

/** The reasons, the most important first; at least one. */
export function explainRun(state: RunState): RunReason[] {
  const { record, snapshot, nodes, limits, breakers = [], failures = [], processes, calls = [], nowMs } = state;
  const away = awayBackends(state.backends);
  if (record.state === 'closed') return [closed(record, nowMs), ...failing(record.end?.failures ?? [])];
  if (snapshot === undefined)
    return [
      ...away,
      ...heldByTask(state.task, nowMs),
      notOpened(record, state.others, nowMs),
      ...deadline(record, nowMs),
    ];
  if (snapshot.state !== 'open') {
    return [{ code: 'closing', text: 'Every node has ended; the end of the run is being written.' }];
  }
  const reasons = [
    ...away,
    ...marks(snapshot),
    ...capped(snapshot),
    ...(snapshot.paused
      ? [{ code: 'paused', text: 'The run is paused: nothing of it is begun until it is resumed.' }]
      : []),
    ...deadline(record, nowMs),
    ...missingConsumers(snapshot, nodes, processes),
    ...explainNodes({ snapshot, nodes, limits, breakers, processes, nowMs }),
    ...outsideOfWindow(snapshot.modules, state.others),
    ...longCalls(record.runId, calls),
    ...waitingForMemory(state.bodyMemory),
    ...snapshot.modules.flatMap(openPhase),
    ...failing(failures),
  ];
  return reasons.length > 0
    ? reasons
    : [{ code: 'about_to_close', text: 'No node is open: the run is about to close.' }];
}

function closed({ end }: RunRecord, nowMs: number): RunReason {
  const detail = end === undefined || end.detail === '' ? '' : `: ${end.detail}`;
  const when = end === undefined ? '' : ` ${fromNow(end.endedAtMs, nowMs)}`;
  return { code: 'closed', text: `The run ended as ${end?.finishReason ?? 'closed'}${when}${detail}.` };
}

/** Nothing goes on before they do their work again. */
function awayBackends(backends: readonly BackendHealth[] = []): RunReason[] {
  return backends.flatMap(({ backend, isReady, reason }) =>
    isReady ? [] : [{ code: 'backend_away', text: `A backend does not do its work (${backend}): ${reason}.` }],
  );
}

/** Downloads of any run: a process has one memory for all of them. */
function waitingForMemory(memory: BodyMemorySnapshot | undefined): RunReason[] {
  if (memory === undefined || memory.waiting === 0) return [];
  const [held, capacity] = [memory.heldBytes, memory.capacityBytes].map((bytes) => Math.round(bytes / MIB));
  const who = memory.waiting === 1 ? 'One download or parse waits' : `${memory.waiting} downloads or parses wait`;
  const seconds = Math.round(memory.longestWaitMs / 1_000);
  const text = `${who} for memory for a body, the first for ${seconds} s: bodies hold ${held} of ${capacity} MiB of this process (http.body_memory_mb).`;
  return [{ code: 'waiting_for_memory', text, nodes: memory.waiting }];
}

const MIB = 1_024 * 1_024;

/** The kinds that a person reads; the dead letters have the others. */
const TOLD_KINDS = 5;

/** What goes wrong in a run, once for each kind. It does not keep a run open, so it comes after what does. */
function failing(failures: readonly RunFailure[]): RunReason[] {
  return failures.slice(0, TOLD_KINDS).map(({ moduleId, count, code, message, at, url }) => {
    const places = [at === undefined ? '' : `at ${at}`, url === undefined ? '' : `for example ${url}`];
    const where = places.filter((place) => place !== '').join('; ');
    const text = `${countOf(count, 'node')} failed in this way: ${code}: ${message}${where === '' ? '' : ` (${where})`}.`;
    return { code: 'failures', text, moduleId, nodes: count };
  });
}

/** What its task says against opening it. */
function heldByTask(task: RunState['task'], nowMs: number): RunReason[] {
  if (task === undefined) return [];
  const { name, mark, coolsUntilMs } = task;
  if (mark !== undefined) {
    const text = `Its task ${name} was terminated: ${markText(mark)}. The run will be rejected.`;
    return [{ code: 'task_terminated', text }];
  }
  if (coolsUntilMs <= nowMs) return [];
  const text = `Its task ${name} cools down after errors in a row: runs of it that wait are opened ${fromNow(coolsUntilMs, nowMs)}.`;
  return [{ code: 'task_cooling', text, atMs: coolsUntilMs }];
}

function notOpened(record: RunRecord, others: OtherRuns | undefined, nowMs: number): RunReason {
  const { state, acceptedAtMs } = record;
  if (state === 'accepted') {
    const text = `The run was accepted ${fromNow(acceptedAtMs, nowMs)} and has not been opened: ingress has yet to take it up.${placeOf(record, others)}`;
    return { code: 'not_opened', text };
  }
  return {
    code: 'state_lost',
    text: 'The run is open in the store, but the coordinator does not know it: it will be opened anew, or was lost.',
  };
}

function marks({ mark, reason, modules }: RunSnapshot): RunReason[] {
  if (mark !== '') {
    const nodes = sum(modules.map(openNodes));
    const text = `The run was ${mark}${because(reason, mark)}: ${beingEnded(nodes)}.`;
    return [{ code: 'ending', text, nodes }];
  }
  return modules.flatMap((module) => {
    const nodes = openNodes(module);
    if (module.state !== 'terminated' || nodes === 0) return [];
    const text = `${module.moduleId} was terminated${because(module.reason, '')}: ${beingEnded(nodes)}.`;
    return [{ code: 'module_ending', text, moduleId: module.moduleId, nodes }];
  });
}

/** What a reached cap leaves out is neither done nor failed. */
function capped({ capUse }: RunSnapshot): RunReason[] {
  if (capUse === undefined || capUse.reached.length === 0) return [];
  const ends = capUse.reached.some((cap) => cap !== 'depth')
    ? 'it ends when what is under way has ended'
    : 'no hop goes deeper';
  const text = `The run has reached a cap (${capText(capUse)}): ${ends}.`;
  return [{ code: 'capped', text, nodes: capUse.leftOut }];
}

function deadline({ deadlineAtMs }: RunRecord, nowMs: number): RunReason[] {
  if (deadlineAtMs === undefined) return [];
  const verb = deadlineAtMs > nowMs ? 'comes' : 'came';
  const text = `The run's deadline ${verb} ${fromNow(deadlineAtMs, nowMs)}; it then ends with what there is.`;
  return [{ code: 'deadline', text, atMs: deadlineAtMs }];
}

/** What a module waits for, when no node explains it. */
function openPhase({ moduleId, state, currentPhase, front, phases }: ModuleSnapshot): RunReason[] {
  const nodes = phases[currentPhase]?.open ?? 0;
  if (state !== 'open' || nodes === 0) return [];
  const early = front > currentPhase ? ' The phases behind it have opened early, and open again then.' : '';
  const next = currentPhase + 1 < phases.length ? `phase ${currentPhase + 2} begins` : 'the module is done';
  const text = `Phase ${currentPhase + 1} of ${phases.length} of ${moduleId} waits: ${subject(nodes, 'node', { one: 'is', many: 'are' })} open; ${next} when there is none.${early}`;
  return [{ code: 'phase_open', text, moduleId, nodes }];
}

function beingEnded(nodes: number): string {
  return `${subject(nodes, 'open node', { one: 'is', many: 'are' })} being ended`;
}

function because(reason: string, known: string): string {
  return reason === '' || reason === known ? '' : ` (${reason})`;
}

function openNodes({ phases }: ModuleSnapshot): number {
  return sum(phases.map(({ open }) => open));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
