/** What the open nodes of a run wait for. */
import type { ProcessInfo } from '../bus/process-info.ts';
import { SUSPECT_AFTER } from '../coordination/protocol/claims.ts';
import { type ChainNode, LAST_OPENING_MS, type NodeState, windowPlace } from '../coordination/protocol/node.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import type { BreakerSnapshot } from '../limits/breakers.ts';
import type { KeySnapshot } from '../limits/rate-limiter.ts';
import { countOf, fromNow, listOf, type RunReason, subject } from './reasons.ts';

export interface OpenNodes {
  readonly snapshot: RunSnapshot;
  readonly nodes: readonly ChainNode[];
  readonly limits: readonly KeySnapshot[];
  readonly breakers: readonly BreakerSnapshot[];
  /** The processes of the deployment; undefined when there is only one. */
  readonly processes?: readonly ProcessInfo[] | undefined;
  readonly nowMs: number;
}

/** A node that is due for longer than this shows that no sweeper runs: a sweeper would have taken it. */
const FORGOTTEN_MS = 10_000;

export function explainNodes({ snapshot, nodes, limits, breakers, processes = [], nowMs }: OpenNodes): RunReason[] {
  const byId = new Map(snapshot.modules.map((module) => [module.moduleId, module]));
  const isLater = ({ moduleId, phase, dueAtMs }: ChainNode): boolean => {
    const { currentPhase = 0, front = 0 } = byId.get(moduleId) ?? {};
    // While its phase is open early, some nodes wait for the last opening.
    return phase > front || (phase > currentPhase && dueAtMs >= LAST_OPENING_MS);
  };
  const [later, live] = split(nodes, isLater);
  const isWatched = !snapshot.paused && snapshot.mark === '';
  // Those are told by their number, which a sample does not know.
  const taken = live.filter((node) => windowPlace(node) !== 'ready');
  const [forgotten, looked] = split(taken, ({ dueAtMs }) => isWatched && dueAtMs > 0 && dueAtMs + FORGOTTEN_MS < nowMs);
  const [suspects, usual] = split(looked, isSuspect);
  const inState = (state: NodeState): ChainNode[] => usual.filter((node) => node.state === state);
  const [held, again] = split(inState('retry'), (node) => breakerAwaited(node) !== undefined);
  return [
    ...overdue(forgotten, nowMs),
    ...waitingAlone(suspects),
    ...executedAlone(suspects),
    ...waitingForBreakers(held, breakers, nowMs),
    ...waitingForRetry(again, nowMs),
    ...limited(inState('pending'), limits, nowMs),
    ...queued(inState('pending'), limits, nowMs),
    ...leased(inState('processing'), processes, nowMs),
    ...timed(
      'waiting_for_parser',
      inState('fetched'),
      nowMs,
      WAITS,
      'for a parser; whether the first response is lost is checked',
    ),
    ...timed('waiting_for_decision', inState('failed'), nowMs, WAITS, 'for error-threshold, which is asked again'),
    ...timed('moving_children', inState('releasing'), nowMs, IS, 'bringing children into being, looked after again'),
    ...waitingForPhase(later),
  ];
}

const WAITS = { one: 'waits', many: 'wait' };
const IS = { one: 'is', many: 'are' };

function overdue(nodes: readonly ChainNode[], nowMs: number): RunReason[] {
  if (nodes.length === 0) return [];
  const since = fromNow(earliest(nodes), nowMs);
  const states = listOf([...new Set(nodes.map(({ state }) => state))], 6);
  const text = `${countOf(nodes.length, 'node')} stood due ${since} and nobody looked (${states}): is a sweeper running?`;
  return [{ code: 'overdue', text, nodes: nodes.length }];
}

/** Whether the node waits for a process that executes it alone, or is being executed alone. */
function isSuspect({ crashes, state }: ChainNode): boolean {
  return crashes >= SUSPECT_AFTER && (state === 'pending' || state === 'fetched' || state === 'processing');
}

function waitingAlone(suspects: readonly ChainNode[]): RunReason[] {
  const nodes = suspects.filter(({ state }) => state !== 'processing');
  if (nodes.length === 0) return [];
  const lost =
    nodes.length === 1 ? `has lost ${nodes[0]!.crashes} leases` : `have lost ${SUSPECT_AFTER} leases or more`;
  const text = `${countOf(nodes.length, 'node')} ${lost} and ${nodes.length === 1 ? 'waits' : 'wait'} for a process that executes nothing else meanwhile: ${idsOf(nodes)}.`;
  return [{ code: 'waiting_alone', text, nodes: nodes.length }];
}

function executedAlone(suspects: readonly ChainNode[]): RunReason[] {
  const nodes = suspects.filter(({ state }) => state === 'processing');
  if (nodes.length === 0) return [];
  const owners = listOf([...new Set(nodes.map(({ owner }) => owner))]);
  const text = `${subject(nodes.length, 'node', IS)} being executed alone, by ${owners}, which ${nodes.length === 1 ? 'starts' : 'start'} no other node before it ends: ${idsOf(nodes)}.`;
  return [{ code: 'executed_alone', text, nodes: nodes.length }];
}

function idsOf(nodes: readonly ChainNode[]): string {
  return listOf(nodes.map(({ id }) => id));
}

const MESSAGE_CHARS = 300;

/** One reason for each step and code of failure, with one of the messages. */
function waitingForRetry(nodes: readonly ChainNode[], nowMs: number): RunReason[] {
  const kindOf = (node: ChainNode): string => `${node.stepIdx} ${failureOf(node).code}`;
  return [...Map.groupBy(nodes, kindOf).values()].flatMap((waiting) => {
    const reasons = timed('waiting_for_retry', waiting, nowMs, WAITS, 'for a retry; the first comes');
    const { stepIdx } = waiting[0]!;
    const { code, message: whole } = failureOf(waiting[0]!);
    if (code === '') return reasons;
    const message = whole.slice(0, MESSAGE_CHARS).toWellFormed();
    const failure = { code, message, stepIdx };
    return reasons.map((reason) => ({ ...reason, failure, text: `${reason.text} Last failure: ${code}: ${message}` }));
  });
}

/** The last failure of a node; empty if none is stored. */
function failureOf({ error }: ChainNode): { readonly code: string; readonly message: string } {
  const { code, message } = error === '' ? {} : (JSON.parse(error) as { code?: unknown; message?: unknown });
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}

/** Nodes that change by themselves at a known time. */
function timed(
  code: string,
  nodes: readonly ChainNode[],
  nowMs: number,
  verb: typeof WAITS,
  what: string,
): RunReason[] {
  if (nodes.length === 0) return [];
  const atMs = earliest(nodes);
  const text = `${subject(nodes.length, 'node', verb)} ${what} ${fromNow(atMs, nowMs)}.`;
  return [{ code, text, nodes: nodes.length, atMs }];
}

function leased(nodes: readonly ChainNode[], processes: readonly ProcessInfo[], nowMs: number): RunReason[] {
  if (nodes.length === 0) return [];
  const nameOf = (owner: string) => processes.find(({ id }) => owner.startsWith(`${id}-`))?.name ?? owner;
  const owners = listOf([...new Set(nodes.map(({ owner }) => nameOf(owner)))]);
  const atMs = earliest(nodes);
  const text = `${subject(nodes.length, 'node', IS)} being executed, by ${owners}; the first lease ends ${fromNow(atMs, nowMs)}.`;
  return [{ code: 'leased', text, nodes: nodes.length, atMs }];
}

/** Requests whose rate limit allows no more for now. */
function limited(nodes: readonly ChainNode[], limits: readonly KeySnapshot[], nowMs: number): RunReason[] {
  const byKey = Map.groupBy(
    nodes.filter((node) => limitOf(node, limits) !== undefined),
    ({ limitKey }) => limitKey ?? '',
  );
  return [...byKey].map(([key, waiting]) => {
    const { nextAtMs, inFlight } = limitOf(waiting[0]!, limits)!;
    const next = nextAtMs === undefined ? '' : `; the next may start ${fromNow(nextAtMs, nowMs)}`;
    const text = `${subject(waiting.length, 'request', WAITS)} for the limits of ${key} (${inFlight} under way)${next}.`;
    const at = nextAtMs === undefined ? {} : { atMs: nextAtMs };
    return { code: 'waiting_for_limits', text, nodes: waiting.length, ...at };
  });
}

function queued(nodes: readonly ChainNode[], limits: readonly KeySnapshot[], nowMs: number): RunReason[] {
  const free = nodes.filter((node) => limitOf(node, limits) === undefined);
  return (['hop', 'request'] as const).flatMap((kind) => {
    const waiting = free.filter((node) => node.kind === kind);
    if (waiting.length === 0) return [];
    const taker = kind === 'hop' ? 'the module-processor' : 'a downloader';
    const atMs = earliest(waiting);
    const text = `${subject(waiting.length, kind, WAITS)} for ${taker}; the first is notified again ${fromNow(atMs, nowMs)}.`;
    return [{ code: `queued_${kind}s`, text, nodes: waiting.length, atMs }];
  });
}

function waitingForPhase(nodes: readonly ChainNode[]): RunReason[] {
  return [...Map.groupBy(nodes, ({ moduleId, phase }) => `${phase + 1} of ${moduleId}`)].map(([phase, waiting]) => {
    const text = `${subject(waiting.length, 'node', WAITS)} for phase ${phase} to begin.`;
    const [{ moduleId }] = waiting as [ChainNode];
    return { code: 'waiting_for_phase', text, moduleId, nodes: waiting.length };
  });
}

/** The limit that delays a request, if any. */
function limitOf({ kind, limitKey }: ChainNode, limits: readonly KeySnapshot[]): KeySnapshot | undefined {
  if (kind !== 'request') return undefined;
  return limits.find(({ key, waiting, nextAtMs }) => key === limitKey && (waiting > 0 || nextAtMs !== undefined));
}

function earliest(nodes: readonly ChainNode[]): number {
  return nodes.reduce((least, { dueAtMs }) => Math.min(least, dueAtMs), Number.POSITIVE_INFINITY);
}

function split<T>(values: readonly T[], isFirst: (value: T) => boolean): readonly [T[], T[]] {
  const first: T[] = [];
  const second: T[] = [];
  for (const value of values) (isFirst(value) ? first : second).push(value);
  return [first, second];
}

/** The key of the breaker that last refused a request; undefined when none did. */
export function breakerAwaited({ kind, error }: ChainNode): string | undefined {
  if (kind !== 'request' || error === '') return undefined;
  const failure = JSON.parse(error) as { readonly code?: unknown; readonly data?: { readonly key?: unknown } };
  const key = failure.code === 'breaker.open' ? failure.data?.key : undefined;
  return typeof key === 'string' ? key : undefined;
}

/** One reason per breaker; `nodes` are requests that a breaker has refused. */
function waitingForBreakers(
  nodes: readonly ChainNode[],
  breakers: readonly BreakerSnapshot[],
  nowMs: number,
): RunReason[] {
  return [...Map.groupBy(nodes, (node) => breakerAwaited(node) ?? '')].map(([key, waiting]) => {
    const atMs = Math.min(...waiting.map(({ dueAtMs }) => dueAtMs));
    const requests = subject(waiting.length, 'request', { one: 'waits', many: 'wait' });
    const breaker = breakers.find((each) => each.key === key);
    const text = `${requests} for the circuit breaker "${key}"${standing(breaker, nowMs)}; the first asks again ${fromNow(atMs, nowMs)}.`;
    return { code: 'waiting_for_breaker', text, nodes: waiting.length, atMs };
  });
}

function standing(breaker: BreakerSnapshot | undefined, nowMs: number): string {
  if (breaker === undefined) return '';
  if (breaker.state === 'half_open') return ', which is being tried';
  const { trialAtMs } = breaker;
  return trialAtMs === undefined ? '' : `, which is open and tried ${fromNow(trialAtMs, nowMs)}`;
}
