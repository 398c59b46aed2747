/**
 * ModuleProcessorWithChain: the chain inside a module. It opens a run's modules, and for each hop resolves its context,
 * claims it, generates its requests (or runs its compute step), and commits them.
 */

import { FAIL_STEP } from '../../libs/modules/contract/definition.ts';
import { type Ending, executeHeld, executeNode } from '../../libs/stage/execution/execute-node.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import { childMessages } from '../../libs/stage/messages/wake-ups.ts';
import { decodeHop } from '../../libs/stage/node/node-body.ts';
import { computeHop } from './compute.ts';
import { resolveContext } from './context.ts';
import type { GoOn, ModuleProcessorDeps, ModuleProcessorOutcome } from './deps.ts';
import { generateRequests } from './generate.ts';
import { openRun } from './open-run.ts';

export async function handle(
  deps: ModuleProcessorDeps,
  dispatch: Dispatch,
  goOn?: GoOn,
): Promise<ModuleProcessorOutcome> {
  switch (dispatch.kind) {
    case 'start':
      return openRun(deps, dispatch.run, goOn);
    case 'request':
      return notifyRequest(deps, dispatch);
    case 'hop': {
      const { run, node, epoch } = dispatch;
      const ref = { stage: 'module-processor', node, epoch, origin: run, run } as const;
      return executeNode(deps.execution, ref, (held) => executeHop(deps, held, goOn));
    }
  }
}

/** A hop that the commit of the one before has claimed. */
export function handleHeld(deps: ModuleProcessorDeps, held: HeldNode, goOn?: GoOn): Promise<ModuleProcessorOutcome> {
  return executeHeld(deps.execution, held, { stage: 'module-processor' }, () => executeHop(deps, held, goOn));
}

/** The message of a failure does not say what its request shares a rate limit with; the node does. */
async function notifyRequest(
  { execution }: ModuleProcessorDeps,
  { run, wakeUp }: Dispatch & { readonly kind: 'request' },
): Promise<ModuleProcessorOutcome> {
  const limitKey = (await execution.coordinator.findNode(wakeUp.node))?.limitKey ?? '';
  return { kind: 'next', messages: childMessages([{ ...wakeUp, limitKey }], run) };
}

/** The body: a hop ends its module, or yields, or generates requests. */
async function executeHop(deps: ModuleProcessorDeps, held: HeldNode, goOn: GoOn | undefined): Promise<Ending> {
  if (held.lease.node.stepIdx === FAIL_STEP) return endModule(deps, held);
  const context = await resolveContext(held.run, held.lease);
  return context.step === undefined || context.step.kind === 'compute'
    ? computeHop(deps, context, goOn)
    : generateRequests(deps, context);
}

/**
 * Ends a module as its author said. The hop that asks for it is not committed: the mark ends it with everything else that is
 * open, and a process that dies before the mark leaves a hop that asks again.
 */
async function endModule({ execution }: ModuleProcessorDeps, { lease }: HeldNode): Promise<Ending> {
  const { runId, moduleId, body } = lease.node;
  const { reason } = decodeHop(body).state as { readonly reason: string };
  await execution.coordinator.terminateMark({ runId, moduleId, reason });
  execution.log.info('a module ended itself as failed', { run_id: runId, module_id: moduleId, reason });
  return { kind: 'terminate', reason };
}
