import { START_STEP, type StepCall, type StepDefinition } from '../../libs/modules/contract/definition.ts';
import type { Lease } from '../../libs/stage/execution/lease.ts';
import { decodeHop } from '../../libs/stage/node/node-body.ts';
import { type LoadedModule, type LoadedRun, moduleOf } from '../../libs/stage/run/runs.ts';

/** A claimed hop with all that its execution needs. */
export interface HopContext {
  readonly run: LoadedRun;
  readonly module: LoadedModule;
  readonly lease: Lease;
  /** Undefined for the module's start. */
  readonly step: StepDefinition | undefined;
  readonly call: StepCall;
}

/** Finds the step of a hop and checks the hop's state. Throws the errors of the step's schema. */
export async function resolveContext(run: LoadedRun, lease: Lease): Promise<HopContext> {
  const { node } = lease;
  const module = moduleOf(run, node.moduleId);
  const step = node.stepIdx === START_STEP ? undefined : module.definition.steps[node.stepIdx];
  const { state: received } = decodeHop(node.body);
  const checked = step === undefined ? received : step.checkState(received);
  const state = checked instanceof Promise ? await checked : checked;
  const { account, platform, runId } = run.task;
  const call: StepCall = {
    input: module.input,
    state,
    account,
    platform,
    runId,
    acceptedAtMs: run.record.acceptedAtMs,
    deadlineAtMs: run.record.deadlineAtMs,
    get signal() {
      return lease.signal;
    },
  };
  return { run, module, lease, step, call };
}
