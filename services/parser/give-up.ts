/** The last failure of a request, when its step yields a replacement. */
import type { CatenaError } from '../../libs/errors/catena-error.ts';
import { fromMicros } from '../../libs/limits/budgets.ts';
import { isBackendFailure } from '../../libs/stage/execution/backend-failure.ts';
import type { ParseWork } from '../../libs/stage/execution/hand-over.ts';
import { gather, LeaseLost, type Yield } from '../../libs/stage/execution/yield.ts';
import { stepBudget } from '../../libs/stage/execution/yield-budget.ts';
import { decodeRequest } from '../../libs/stage/node/node-body.ts';
import { emittedSeed } from '../../libs/stage/node/seeds.ts';
import type { LoadedModule } from '../../libs/stage/run/runs.ts';
import type { Bill } from './cost.ts';
import type { ParserDeps } from './deps.ts';

/** Gathers what the step yields for a request that failed for good; rethrows the failure when a retry may follow. */
export async function giveUp(
  deps: ParserDeps,
  { definition, input }: LoadedModule,
  { run, lease }: ParseWork,
  { thrown, bill }: { readonly thrown: unknown; readonly bill: Bill },
): Promise<Yield> {
  const { node } = lease;
  const step = definition.steps[node.stepIdx];
  if (definition.givenUp === undefined || step === undefined) throw thrown;
  if (thrown instanceof LeaseLost || lease.signal.aborted || isBackendFailure(thrown)) throw thrown;
  const error = thrown as CatenaError;
  const attempts = step.policy.retry?.attempts ?? deps.config.retry.attempts;
  if (error.class === 'retryable' && node.attempts < attempts) throw thrown;
  const state = await step.checkState(decodeRequest(node.body).state);
  const { account, platform, runId } = run.task;
  const { code, message, data } = error;
  const failure = { code, message, data, cost: fromMicros(bill.micros) };
  const { acceptedAtMs, deadlineAtMs } = run.record;
  const call = { input, state, account, platform, runId, acceptedAtMs, deadlineAtMs, error: failure };
  const emissions = definition.givenUp(node.stepIdx, {
    ...call,
    get signal() {
      return lease.signal;
    },
  });
  if (emissions === undefined) throw thrown;
  return gather(emissions, {
    lease,
    coordinator: deps.execution.coordinator,
    toSeed: (hop) => emittedSeed(run, definition, hop, node),
    budget: stepBudget(deps.config),
    onCharge: bill.charge,
  });
}
