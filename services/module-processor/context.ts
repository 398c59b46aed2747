import type { AuthorCall, StepFacts } from '../../libs/calls/served-module.ts';
import { START_STEP } from '../../libs/modules/contract/definition.ts';
import type { HeldNode, Lease } from '../../libs/stage/execution/lease.ts';
import { type LoadedModule, type LoadedRun, moduleOf } from '../../libs/stage/run/runs.ts';

/** A claimed hop with all that its execution needs. */
export interface HopContext {
  readonly run: LoadedRun;
  readonly module: LoadedModule;
  readonly lease: Lease;
  /** Undefined for the module's start. */
  readonly step: StepFacts | undefined;
}

/** Finds the step of a hop. */
export function resolveContext({ run, lease }: HeldNode): HopContext {
  const { moduleId, stepIdx } = lease.node;
  const module = moduleOf(run, moduleId);
  const step = stepIdx === START_STEP ? undefined : module.definition.steps[stepIdx];
  return { run, module, lease, step };
}

/** What every call for the hop says of its run and its node. */
export function nodeCall({ run, lease }: HeldNode): Pick<AuthorCall, 'run' | 'node' | 'signal'> {
  return { run: run.context, node: lease.node, signal: lease.signal };
}
