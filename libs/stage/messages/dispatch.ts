import type { NodeRef } from '../../coordination/protocol/node.ts';
import type { WakeUp } from '../../coordination/protocol/outcome.ts';
import type { LoadedRun } from '../run/runs.ts';

/** A request of ingress to the module-processor. */
export type Dispatch =
  /** Open the run and its modules. */
  | { readonly kind: 'start'; readonly run: LoadedRun }
  /** Execute a hop, for the first time or again. */
  | { readonly kind: 'hop'; readonly run: LoadedRun; readonly node: NodeRef; readonly epoch: number }
  /** Send this wake-up, so that a failed request is downloaded again. */
  | { readonly kind: 'request'; readonly run: LoadedRun; readonly wakeUp: WakeUp & { readonly kind: 'request' } };
