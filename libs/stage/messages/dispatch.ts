import type { NodeRef } from '../../coordination/protocol/node.ts';
import type { WakeUp } from '../../coordination/protocol/outcome.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { LoadedRun } from '../run/runs.ts';

/** A request of ingress to the module-processor. */
export type Dispatch =
  /** Open the run and its modules. */
  | { readonly kind: 'start'; readonly run: LoadedRun }
  /** Execute a hop, for the first time or again. */
  | { readonly kind: 'hop'; readonly run: LoadedRun; readonly node: NodeRef; readonly epoch: number }
  /** Send this wake-up, so that a failed request is downloaded again. */
  | { readonly kind: 'request'; readonly run: LoadedRun; readonly wakeUp: WakeUp & { readonly kind: 'request' } };

const PUT_OFF = 'dispatch.put_off';

/** Tells ingress to keep the message of a hop: the module-processor cannot start it now. */
export function putOffDispatch(delayMs: number, reason: string): CatenaError {
  return new CatenaError('dispatch.put_off', `the module-processor cannot start the hop now: ${reason}`, {
    class: 'retryable',
    retryAfterMs: delayMs,
    remedy: 'nothing: ingress dispatches the hop again',
  });
}

/** Whether a dispatch was put off; its message waits for `retryAfterMs`. */
export function isPutOff(thrown: unknown): thrown is CatenaError {
  return thrown instanceof CatenaError && thrown.code === PUT_OFF;
}
