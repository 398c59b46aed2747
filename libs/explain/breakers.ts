/** Which open nodes wait for a circuit breaker, and how it stands. */
import type { ChainNode } from '../coordination/protocol/node.ts';
import type { BreakerSnapshot } from '../limits/breakers.ts';
import type { RunReason } from './explain.ts';
import { fromNow, subject } from './words.ts';

/** The key of the breaker that refused a request the last time; undefined when none did. */
export function breakerAwaited({ kind, error }: ChainNode): string | undefined {
  if (kind !== 'request' || error === '') return undefined;
  const failure = JSON.parse(error) as { readonly code?: unknown; readonly data?: { readonly key?: unknown } };
  const key = failure.code === 'breaker.open' ? failure.data?.key : undefined;
  return typeof key === 'string' ? key : undefined;
}

/** One reason per breaker; `nodes` are requests that one has refused. */
export function waitingForBreakers(
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
