/**
 * ModuleProcessorWithChain: executes the hops of modules. It opens a run's modules. It claims each hop, resolves its context,
 * generates its requests (or runs its compute step), and commits them.
 */

import { decodeHop } from '../../libs/calls/node-body.ts';
import { FAIL_STEP } from '../../libs/modules/contract/definition.ts';
import { type Ending, executeHeld, executeNode } from '../../libs/stage/execution/execute-node.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import { childMessages } from '../../libs/stage/messages/wake-ups.ts';
import { computeHop } from './compute.ts';
import { resolveContext } from './context.ts';
import type { ModuleProcessorDeps, ModuleProcessorOutcome, RunNext } from './deps.ts';
import { generateRequests } from './generate.ts';
import { openRun } from './open-run.ts';

export async function handle(
  deps: ModuleProcessorDeps,
  dispatch: Dispatch,
  runNext?: RunNext,
): Promise<ModuleProcessorOutcome> {
  switch (dispatch.kind) {
    case 'start':
      return openRun(deps, dispatch.run, runNext);
    case 'request':
      return notifyRequest(deps, dispatch);
    case 'hop': {
      const { run, node, epoch } = dispatch;
      const ref = { stage: 'module-processor', node, epoch, origin: run, run } as const;
      return executeNode(deps.execution, ref, (held) => executeHop(deps, held, runNext));
    }
  }
}

/** Executes a hop that its parent's commit has claimed. */
export function handleHeld(
  deps: ModuleProcessorDeps,
  held: HeldNode,
  runNext?: RunNext,
): Promise<ModuleProcessorOutcome> {
  return executeHeld(deps.execution, held, { stage: 'module-processor' }, () => executeHop(deps, held, runNext));
}

/** Sends the wake-up of a failed request. Its limit key is read from the node, because the error message does not carry it. */
async function notifyRequest(
  { execution }: ModuleProcessorDeps,
  { run, wakeUp }: Dispatch & { readonly kind: 'request' },
): Promise<ModuleProcessorOutcome> {
  const limitKey = (await execution.coordinator.findNode(wakeUp.node))?.limitKey ?? '';
  return { kind: 'next', messages: childMessages([{ ...wakeUp, limitKey }], run) };
}

/** The body: the hop ends its module, runs a compute step, or generates requests. */
async function executeHop(deps: ModuleProcessorDeps, held: HeldNode, runNext: RunNext | undefined): Promise<Ending> {
  if (held.lease.node.stepIdx === FAIL_STEP) return endModule(deps, held);
  const context = resolveContext(held);
  return context.step === undefined || context.step.kind === 'compute'
    ? computeHop(deps, context, runNext)
    : generateRequests(deps, context);
}

/**
 * Ends a module at its author's request. The hop that asked is not committed: the mark ends it with all open nodes of the module.
 * If the process dies before the mark, the hop is executed again and asks again.
 */
async function endModule({ execution }: ModuleProcessorDeps, { lease }: HeldNode): Promise<Ending> {
  const { runId, moduleId, body } = lease.node;
  const { reason } = decodeHop(body).state as { readonly reason: string };
  await execution.coordinator.terminateMark({ runId, moduleId, reason });
  execution.log.info('a module ended itself as failed', { run_id: runId, module_id: moduleId, reason });
  return { kind: 'terminate', reason };
}
