/** Executes dispatches that ingress sends from another process: ids come in, the result goes back. */
import type { DispatchAnswer, ExecuteModuleRequest } from '../../libs/contracts/services.ts';
import type { NodeRef } from '../../libs/coordination/protocol/node.ts';
import { CatenaError, toCatenaError } from '../../libs/errors/catena-error.ts';
import { toFailure } from '../../libs/errors/failure.ts';
import { isBackendFailure } from '../../libs/stage/execution/backend-failure.ts';
import { toChainError } from '../../libs/stage/messages/chain-error.ts';
import { type Dispatch, isPutOff } from '../../libs/stage/messages/dispatch.ts';
import type { Runs } from '../../libs/stage/run/runs.ts';
import type { Log } from '../../libs/telemetry/log.ts';

export interface DispatchCallDeps {
  readonly runs: Pick<Runs, 'load'>;
  /** The module-processor of this process. */
  readonly execute: (dispatch: Dispatch) => Promise<void>;
  readonly log: Log;
}

type Result = NonNullable<DispatchAnswer['result']>;

/** Executes a dispatch. Never rejects: a failure is part of the answer. */
export async function answerDispatch(
  deps: DispatchCallDeps,
  request: ExecuteModuleRequest['dispatch'],
): Promise<Result> {
  try {
    await deps.execute(await toDispatch(deps.runs, request));
    return { $case: 'done', value: {} };
  } catch (thrown) {
    return { $case: 'failure', value: toChainError(toFailure(verdict(deps, thrown), 'module-processor')) };
  }
}

/** Throws what loading a run throws, and `dispatch.not_understood` for a dispatch kind of a later release. */
async function toDispatch(
  runs: DispatchCallDeps['runs'],
  request: ExecuteModuleRequest['dispatch'],
): Promise<Dispatch> {
  switch (request?.$case) {
    case 'start':
      return { kind: 'start', run: await runs.load(request.value.runId) };
    case 'hop':
      return {
        kind: 'hop',
        run: await runs.load(request.value.runId),
        node: nodeOf(request.value),
        epoch: request.value.epoch,
      };
    case 'request': {
      const { epoch, stepIdx, prefixRequest, attempts } = request.value;
      const node = nodeOf(request.value);
      const wakeUp = { kind: 'request', nodeKind: 'request', node, epoch, stepIdx, prefixRequest, attempts } as const;
      return {
        kind: 'request',
        run: await runs.load(request.value.runId),
        wakeUp: { ...wakeUp, dispatch: 0, limitKey: '', error: '' },
      };
    }
    default:
      throw new CatenaError('dispatch.not_understood', 'this release does not know the kind of a dispatch', {
        class: 'retryable',
        remedy: 'upgrade the module-processors to the release of ingress or a later one',
      });
  }
}

interface NodeFields {
  readonly runId: string;
  readonly nodeId: string;
  readonly moduleId: string;
  readonly phase: number;
}

function nodeOf({ runId, nodeId: id, moduleId, phase }: NodeFields): NodeRef {
  return { id, runId, moduleId, phase };
}

/** A backend failure decides nothing about the node, so the caller gets a retryable error, whatever class the failure has. */
function verdict({ log }: DispatchCallDeps, thrown: unknown): CatenaError {
  const error = toCatenaError(thrown, 'dispatch.failed', 'retryable');
  if (!isBackendFailure(thrown) || isPutOff(thrown)) return error;
  log.error('the module-processor could not execute a dispatch; ingress retries it', { error: thrown });
  const { code, message, data, retryAfterMs } = error;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new CatenaError(code, message, { class: 'retryable', data, cause: thrown, ...wait });
}
