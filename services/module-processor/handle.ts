/**
 * ModuleProcessorWithChain: the chain inside a module. It opens a run's modules, and for each hop resolves its context,
 * claims it, generates its requests (or runs its compute step), and commits them.
 */

import { FAIL_STEP } from '../../libs/modules/contract/definition.ts';
import { claimNode, recordFailure } from '../../libs/stage/execution/execution.ts';
import { nodeFailure } from '../../libs/stage/execution/failing.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import type { HopWork } from '../../libs/stage/execution/work.ts';
import { childMessages } from '../../libs/stage/messages/bells.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import { computeHop } from './compute.ts';
import { resolveContext } from './context.ts';
import { failModule } from './fail-module.ts';
import { generateRequests } from './generate.ts';
import { openRun } from './open-run.ts';
import type { ModuleProcessorDeps } from './service.ts';

export type ModuleProcessorOutcome = Outcome<'module-processor'>;

/** Takes a hop that was claimed by the commit of the one before, to be executed next. */
export type GoOn = (work: HopWork) => void;

export async function handle(
  deps: ModuleProcessorDeps,
  dispatch: Dispatch,
  goOn?: GoOn,
): Promise<ModuleProcessorOutcome> {
  switch (dispatch.kind) {
    case 'start':
      return openRun(deps, dispatch.run, goOn);
    case 'request':
      return ringRequest(deps, dispatch);
    case 'hop':
      return executeHop(deps, dispatch, goOn);
  }
}

/** The message of a failure does not say what its request shares a rate limit with; the node does. */
async function ringRequest(
  deps: ModuleProcessorDeps,
  { run, bell }: Dispatch & { readonly kind: 'request' },
): Promise<ModuleProcessorOutcome> {
  const limitKey = (await deps.coordinator.findNode(bell.node))?.limitKey ?? '';
  return { kind: 'next', messages: childMessages([{ ...bell, limitKey }], run) };
}

async function executeHop(
  deps: ModuleProcessorDeps,
  { run, node, epoch }: Dispatch & { readonly kind: 'hop' },
  goOn: GoOn | undefined,
): Promise<ModuleProcessorOutcome> {
  const claimed = await claimNode(deps, { node, epoch, stage: 'module-processor' });
  if (claimed.kind === 'refused') return { kind: 'skip', reason: claimed.reason };
  return executeHeld(deps, { run, lease: claimed.lease }, goOn);
}

/** Executes a hop that is claimed. */
export async function executeHeld(
  deps: ModuleProcessorDeps,
  { run, lease }: HopWork,
  goOn?: GoOn,
): Promise<ModuleProcessorOutcome> {
  try {
    if (lease.node.stepIdx === FAIL_STEP) return await failModule(deps, lease);
    const context = await resolveContext(run, lease);
    return context.step === undefined || context.step.kind === 'compute'
      ? await computeHop(deps, context, goOn)
      : await generateRequests(deps, context);
  } catch (thrown) {
    const error = nodeFailure(thrown, lease);
    if (error === undefined) return { kind: 'skip', reason: 'lease lost' };
    deps.meters.generateFailed();
    return recordFailure(deps, run, lease, error, 'module-processor');
  }
}
