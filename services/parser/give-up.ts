/** The last failure of a request, when its step yields a replacement. */
import type { CatenaError } from '../../libs/errors/catena-error.ts';
import { fromMicros } from '../../libs/limits/budgets.ts';
import { isBackendFailure } from '../../libs/stage/execution/backend-failure.ts';
import { gather, LeaseLost, type Yield } from '../../libs/stage/execution/gather.ts';
import type { ParseWork } from '../../libs/stage/execution/hand-over.ts';
import type { LoadedModule } from '../../libs/stage/run/runs.ts';
import type { Bill } from './cost.ts';
import type { ParserDeps } from './deps.ts';

/** Gathers what the step yields for a request that failed for good; rethrows the failure when a retry may follow. */
export async function giveUp(
  deps: ParserDeps,
  { definition }: LoadedModule,
  { run, lease }: ParseWork,
  { thrown, bill }: { readonly thrown: unknown; readonly bill: Bill },
): Promise<Yield> {
  const { node } = lease;
  const step = definition.steps[node.stepIdx];
  if (step === undefined || !step.givesUp) throw thrown;
  if (thrown instanceof LeaseLost || lease.signal.aborted || isBackendFailure(thrown)) throw thrown;
  const error = thrown as CatenaError;
  const attempts = step.policy.retry?.attempts ?? deps.config.retry.attempts;
  if (error.class === 'retryable' && node.attempts < attempts) throw thrown;
  const { code, message, data } = error;
  const failure = { code, message, data, cost: fromMicros(bill.micros) };
  return gather(
    definition,
    { fn: 'givenUp', run: run.context, node, signal: lease.signal, error: failure },
    { lease, coordinator: deps.execution.coordinator, onCharged: bill.charge },
  );
}
