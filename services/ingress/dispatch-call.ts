/**
 * ModuleDispatch as a call to a module-processor in another process. Only ids are sent: the other side loads the run itself and
 * reads the node from the coordinator.
 */
import type { DispatchAnswer, ExecuteModuleRequest } from '../../libs/contracts/services.ts';
import { BackendFailure } from '../../libs/stage/execution/backend-failure.ts';
import { fromChainError } from '../../libs/stage/messages/chain-error.ts';
import { type Dispatch, isPutOff } from '../../libs/stage/messages/dispatch.ts';

/** Sends a dispatch to a module-processor and returns its answer. Rejects when there was none. */
export type SendDispatch = (dispatch: ExecuteModuleRequest['dispatch']) => Promise<DispatchAnswer['result']>;

/**
 * Resolves when the work is committed and its wake-ups are sent. Rejects with a BackendFailure when nothing was decided, so that
 * the message is delivered again, with `dispatch.put_off` when it is to be delivered later, and with the CatenaError of a run that
 * the module-processor cannot execute.
 */
export function dispatchCall(send: SendDispatch): (dispatch: Dispatch) => Promise<void> {
  return async (dispatch) => {
    const result = await send(toRequest(dispatch)).catch((cause: unknown) => {
      throw new BackendFailure('no module-processor answered a dispatch', { cause });
    });
    requireDone(result);
  };
}

/** A dispatch as a `proto/` message. */
export function toRequest(dispatch: Dispatch): NonNullable<ExecuteModuleRequest['dispatch']> {
  const { runId } = dispatch.run.task;
  switch (dispatch.kind) {
    case 'start':
      return { $case: 'start', value: { runId } };
    case 'hop': {
      const { node, epoch } = dispatch;
      const { id: nodeId, moduleId, phase } = node;
      return { $case: 'hop', value: { runId, nodeId, moduleId, phase, epoch } };
    }
    case 'request': {
      const { node, epoch, stepIdx, prefixRequest, attempts } = dispatch.wakeUp;
      const { id: nodeId, moduleId, phase } = node;
      return {
        $case: 'request',
        value: { runId, nodeId, moduleId, phase, epoch, stepIdx, prefixRequest, attempts },
      };
    }
  }
}

function requireDone(result: DispatchAnswer['result']): void {
  switch (result?.$case) {
    case 'done':
      return;
    case 'failure': {
      const error = fromChainError(result.value);
      if (error.class === 'fatal' || isPutOff(error)) throw error;
      throw new BackendFailure('the module-processor could not execute a dispatch now', { cause: error });
    }
    default:
      throw new BackendFailure('the module-processor sent an answer that this release does not know');
  }
}
