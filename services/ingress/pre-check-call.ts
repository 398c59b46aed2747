import { type ChainDecision, ChainDecisionKind } from '../../libs/contracts/messages.ts';
import type { ErrorThresholdClient } from '../../libs/contracts/services.ts';
import { BackendFailure } from '../../libs/stage/execution/backend-failure.ts';
import type { LoadedRun } from '../../libs/stage/run/runs.ts';
import { taskMessage } from '../../libs/stage/run/submit.ts';
import type { Refusal } from '../../libs/stage/run/tasks.ts';

/**
 * ThresholdPreCheck as a call to error-threshold: returns why a task may not run now, or undefined. Rejects with a BackendFailure
 * when there was no answer: an outage never refuses a task.
 */
export function preCheckCall(
  client: Pick<ErrorThresholdClient, 'preCheck'>,
): (run: LoadedRun) => Promise<Refusal | undefined> {
  return async ({ record }) => {
    const { decision } = await client.preCheck({ task: taskMessage(record).model }).catch((cause: unknown) => {
      throw new BackendFailure('error-threshold did not answer a pre-check', { cause });
    });
    return refusalIn(decision);
  };
}

function refusalIn(decision: ChainDecision | undefined): Refusal | undefined {
  switch (decision?.kind) {
    case ChainDecisionKind.CONTINUE:
      return undefined;
    case ChainDecisionKind.TERMINATE_MODULE:
      return { kind: 'terminated', scope: 'module', reason: decision.reason };
    case ChainDecisionKind.TERMINATE_TASK:
      return { kind: 'terminated', scope: 'task', reason: decision.reason };
    case ChainDecisionKind.RETRY_AFTER:
      return { kind: 'cooling', delayMs: decision.delayMs };
    default:
      throw new BackendFailure(`error-threshold answered a pre-check with the decision ${decision?.kind ?? 'nothing'}`);
  }
}
