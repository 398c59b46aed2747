/** A request's circuit breaker: asked before it is sent, told afterwards how it went. */
import type { ChainEvent } from '../../libs/contracts/events.ts';
import type { ChainNode } from '../../libs/coordination/protocol/node.ts';
import { CatenaError, toCatenaError } from '../../libs/errors/catena-error.ts';
import {
  type BreakerOutcome,
  type BreakerSpec,
  type Breakers,
  breakerEvent,
  policyOf,
} from '../../libs/limits/breakers.ts';
import { nodeFields } from '../../libs/stage/node/node-fields.ts';
import type { Log } from '../../libs/telemetry/log.ts';

export interface BreakerGuard {
  readonly breakers: Breakers;
  /** Whether 429 counts as a failure; otherwise it says nothing. */
  readonly countTooManyRequests: boolean;
  /** Of requests that name none of their own, in milliseconds. */
  readonly timeoutMs: number;
  /** Tells others that a breaker opened or closed; undefined where nobody listens. */
  readonly publish?: ((event: ChainEvent) => Promise<void>) | undefined;
}

export interface GuardedCall<Response> {
  readonly node: ChainNode;
  /** How long the request may take at most, in milliseconds; a trial that is silent for longer is lost. Undefined: the guard's. */
  readonly timeoutMs: number | undefined;
  readonly send: () => Promise<Response>;
}

interface GuardDeps extends BreakerGuard {
  readonly log: Log;
}

const TOO_MANY_REQUESTS = 429;
/** On top of a request's own time: for what stands between the grant and the report. */
const TRIAL_MARGIN_MS = 5_000;
/** A failure that says as little about the other side as a request that was never sent. */
const GIVEN_UP = 'download.aborted';
/** Failures that would come again, and are the other side's all the same. */
const ITS_FAULT = new Set(['download.tls']);

/**
 * Sends the request if its breaker lets it. Throws what `send` throws; `breaker.open` (retryable, with the wait) when it is
 * not sent; and a retryable error when the breaker's state does not answer.
 */
export async function guarded<Response extends { readonly status: number }>(
  deps: GuardDeps,
  spec: BreakerSpec,
  { node, timeoutMs = deps.timeoutMs, send }: GuardedCall<Response>,
): Promise<Response> {
  const policy = policyOf(spec);
  const trialMs = Math.max(policy.openMs, timeoutMs + TRIAL_MARGIN_MS);
  const grant = await deps.breakers.acquire(spec.key, { ...policy, trialMs });
  if (!grant.granted) throw refused(spec.key, grant.waitMs);
  let outcome: BreakerOutcome = 'neutral';
  try {
    const response = await send();
    outcome = outcomeOfStatus(response.status, deps.countTooManyRequests);
    return response;
  } catch (thrown) {
    outcome = outcomeOfError(toCatenaError(thrown, 'download.failed', 'retryable'));
    throw thrown;
  } finally {
    await report(deps, spec.key, grant.token, outcome, node);
  }
}

function refused(key: string, waitMs: number): CatenaError {
  return new CatenaError('breaker.open', `the circuit breaker "${key}" is open: nothing is sent for now`, {
    class: 'retryable',
    retryAfterMs: waitMs,
    data: { key },
    remedy: 'wait until the other side has recovered; it is tried again by itself',
  });
}

function outcomeOfStatus(status: number, countTooManyRequests: boolean): BreakerOutcome {
  if (status === TOO_MANY_REQUESTS) return countTooManyRequests ? 'failure' : 'neutral';
  return status >= 500 ? 'failure' : 'success';
}

/** What would fail the same way again was wrong with the request, or with what we take. */
function outcomeOfError({ code, class: failureClass }: CatenaError): BreakerOutcome {
  // What is no failure of a download kept it from being sent.
  if (code === GIVEN_UP || !code.startsWith('download.')) return 'neutral';
  return failureClass === 'retryable' || ITS_FAULT.has(code) ? 'failure' : 'neutral';
}

/** The download stands whatever becomes of its report. */
async function report(
  { breakers, log, publish }: GuardDeps,
  key: string,
  token: string,
  outcome: BreakerOutcome,
  node: ChainNode,
): Promise<void> {
  try {
    const transition = await breakers.report(key, token, outcome);
    if (transition === undefined) return;
    log.warn(`a circuit breaker ${transition.kind}`, { ...nodeFields(node), breaker: key });
    const { runId, moduleId, id: nodeId } = node;
    await publish?.(breakerEvent(transition, { runId, moduleId, nodeId }));
  } catch (error) {
    log.warn('a circuit breaker could not be told how a request went', { ...nodeFields(node), breaker: key, error });
  }
}
