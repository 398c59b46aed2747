/**
 * The frames of a dispatch stream as messages of `ModuleProcessor.ExecuteModule`. The module-processor's result for a
 * dispatch, failures included, is in the response of its frame: any other end of a dispatch does not come from it.
 */
import { type DispatchAnswer, type ExecuteModuleRequest, ExecuteModuleResponse } from '../../../contracts/services.ts';
import { CatenaError } from '../../../errors/catena-error.ts';
import { toFailure } from '../../../errors/failure.ts';
import { toChainError } from '../../../stage/messages/chain-error.ts';
import type { DispatchCodec } from './frames.ts';

export interface DispatchRequest {
  /** Undefined: a kind that only a later release knows. */
  readonly dispatch: ExecuteModuleRequest['dispatch'];
  /** Its trace, as headers: a stream carries dispatches of many runs. */
  readonly trace: Readonly<Record<string, string>>;
}

export type DispatchResponse = DispatchAnswer['result'];

export const dispatchCodec: DispatchCodec<
  DispatchRequest,
  DispatchResponse,
  ExecuteModuleRequest,
  ExecuteModuleResponse
> = {
  encodeRequest: ({ id, request: { dispatch, trace } }) => ({ id, dispatch, trace: { ...trace } }),
  decodeRequest: ({ id, dispatch, trace }) => ({ id, request: { dispatch, trace } }),
  encodeEvent(frame) {
    if (frame.kind === 'credit') return { event: { $case: 'credit', value: { count: frame.count } } };
    const { id, result } = frame;
    const said = result.isDone ? result.response : failure(result.error);
    return { event: { $case: 'answer', value: { id, result: said } } };
  },
  decodeEvent(message) {
    switch (message.event?.$case) {
      case 'credit':
        return { kind: 'credit', count: message.event.value.count };
      case 'answer': {
        const { id, result } = message.event.value;
        return { kind: 'answer', id, result: { isDone: true, response: result } };
      }
      default:
        throw new CatenaError(
          'dispatch.not_understood',
          'the module-processor sent a kind of response that this release does not know',
          {
            class: 'retryable',
            data: { bytes: ExecuteModuleResponse.encode(message).finish().length },
            remedy: 'run compatible releases at both ends',
          },
        );
    }
  },
};

function failure(error: CatenaError): DispatchResponse {
  return { $case: 'failure', value: toChainError(toFailure(error, 'module-processor')) };
}
