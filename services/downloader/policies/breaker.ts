/** A request's circuit breaker: asked before it is sent, told afterwards how it went. */
import { CatenaError, toCatenaError } from '../../../libs/errors/catena-error.ts';
import { type BreakerOutcome, breakerEvent, policyOf } from '../../../libs/limits/breakers.ts';
import { nodeFields } from '../../../libs/stage/node/node-fields.ts';
import { type RequestContext, type RequestPolicy, stepPolicyOf } from './policy.ts';

const TOO_MANY_REQUESTS = 429;
/** On top of a request's own time: for what stands between the grant and the report. */
const TRIAL_MARGIN_MS = 5_000;
/** A failure that says as little about the other side as a request that was never sent. */
const GIVEN_UP = 'download.aborted';
/** Failures that would come again, and are the other side's all the same. */
const ITS_FAULT = new Set(['download.tls']);

/**
 * Sends the request if its breaker lets it: its own, or its step's. Throws `breaker.open` (retryable, with the wait) when it is
 * not sent, and a retryable error when the breaker's state does not answer.
 */
export const breaker: RequestPolicy = async (context, next) => {
  const spec = context.asked.breaker ?? stepPolicyOf(context).breaker;
  if (spec === undefined) return next(context);
  const { breakers, countTooManyRequests, timeoutMs } = context.deps.breakers;
  const policy = policyOf(spec);
  // A trial that is silent for longer than its request may take is lost.
  const trialMs = Math.max(policy.openMs, (context.request.totalTimeoutMs ?? timeoutMs) + TRIAL_MARGIN_MS);
  const grant = await breakers.acquire(spec.key, { ...policy, trialMs });
  if (!grant.granted) throw refused(spec.key, grant.waitMs);
  let outcome: BreakerOutcome = 'neutral';
  try {
    const reply = await next(context);
    outcome = outcomeOfStatus(reply.status, countTooManyRequests);
    return reply;
  } catch (thrown) {
    outcome = outcomeOfError(toCatenaError(thrown, 'download.failed', 'retryable'));
    throw thrown;
  } finally {
    await report(context, spec.key, grant.token, outcome);
  }
};

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
  { deps, work }: RequestContext,
  key: string,
  token: string,
  outcome: BreakerOutcome,
): Promise<void> {
  const { log } = deps;
  const { breakers, publish } = deps.breakers;
  const { node } = work.lease;
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
