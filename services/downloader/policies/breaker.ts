/** A request's circuit breaker: it is asked before the request is sent, and gets the outcome afterwards. */
import { CatenaError, toCatenaError } from '../../../libs/errors/catena-error.ts';
import { type BreakerOutcome, breakerEvent, policyOf } from '../../../libs/limits/breakers.ts';
import { nodeFields } from '../../../libs/stage/observe/stage-span.ts';
import { type RequestContext, type RequestPolicy, stepPolicyOf } from './policy.ts';

const TOO_MANY_REQUESTS = 429;
/** Added to a request's own timeout, for the time between the grant and the report. */
const TRIAL_MARGIN_MS = 5_000;
/** An aborted request says nothing about the server, like a request that was never sent. */
const ABORTED = 'download.aborted';
/** Fatal failures that are the server's fault and so count. */
const SERVER_FAULTS = new Set(['download.tls']);

/**
 * Sends the request if its own breaker, or its step's, allows it. Throws `breaker.open` (retryable, with the wait) when it is not
 * sent, and a retryable error when the breaker's state cannot be read.
 */
export const breaker: RequestPolicy = async (context, next) => {
  const spec = context.asked.breaker ?? stepPolicyOf(context).breaker;
  if (spec === undefined) return next(context);
  const { breakers, countTooManyRequests, timeoutMs } = context.deps.breakers;
  const policy = policyOf(spec);
  // A trial without a report for longer than its request may take is lost.
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
  return new CatenaError('breaker.open', `the circuit breaker "${key}" is open: its requests are not sent for now`, {
    class: 'retryable',
    retryAfterMs: waitMs,
    data: { key },
    remedy: 'wait until the server has recovered; Catena tries it again by itself',
  });
}

function outcomeOfStatus(status: number, countTooManyRequests: boolean): BreakerOutcome {
  if (status === TOO_MANY_REQUESTS) return countTooManyRequests ? 'failure' : 'neutral';
  return status >= 500 ? 'failure' : 'success';
}

/** A fatal failure is the fault of the request or of our limits, so it is neutral. */
function outcomeOfError({ code, class: failureClass }: CatenaError): BreakerOutcome {
  // Other errors kept the request from being sent.
  if (code === ABORTED || !code.startsWith('download.')) return 'neutral';
  return failureClass === 'retryable' || SERVER_FAULTS.has(code) ? 'failure' : 'neutral';
}

/** Reports the outcome to the breaker. Never throws: a lost report must not fail the download. */
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
    log.warn('the downloader could not report an outcome to a circuit breaker', {
      ...nodeFields(node),
      breaker: key,
      error,
    });
  }
}
