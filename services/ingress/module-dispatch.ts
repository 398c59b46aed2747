import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import type { LoadedRun } from '../../libs/stage/run/runs.ts';
import type { ChainInput } from './normalize-input.ts';

/** What the module-processor is to do for an input. */
export function moduleDispatch(run: LoadedRun, { target }: ChainInput): Dispatch {
  if (target === undefined) return { kind: 'start', run };
  const { node, epoch, isRequest, stepIdx, prefixRequest, attempts } = target;
  if (!isRequest) return { kind: 'hop', run, node, epoch };
  return {
    kind: 'request',
    run,
    bell: {
      kind: 'request',
      node,
      stepIdx,
      prefixRequest,
      epoch,
      dispatch: 0,
      attempts,
      nodeKind: 'request',
      limitKey: '',
      error: '',
    },
  };
}
