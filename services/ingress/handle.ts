/**
 * Ingress: one entry for everything that asks for work.
 *
 *     NormalizeInput → LoadTask → ThresholdPreCheck → BuildModules → ModuleDispatch
 *
 * It decides nothing about steps. LoadTask and BuildModules never skip an input: what they cannot load fails the run, or the
 * node that the message names.
 */
import type { MessageTo } from '../../libs/contracts/chain.ts';
import type { CatenaError } from '../../libs/errors/catena-error.ts';
import { isBackendFailure } from '../../libs/stage/execution/backend-failure.ts';
import { failUnloaded, retryElsewhere } from '../../libs/stage/execution/execute-node.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import { type Dispatch, isPutOff } from '../../libs/stage/messages/dispatch.ts';
import { noteStep } from '../../libs/stage/observe/stage-span.ts';
import { type LoadedRun, moduleOf } from '../../libs/stage/run/runs.ts';
import { isTracing } from '../../libs/telemetry/spans.ts';
import type { IngressDeps } from './deps.ts';
import { type ChainInput, type ChainTarget, normalizeInput } from './normalize-input.ts';

type IngressOutcome = Outcome<'ingress'>;

const LONGEST_PUT_OFF_MS = 30_000;

export async function handle(deps: IngressDeps, message: MessageTo<'ingress'>): Promise<IngressOutcome> {
  let input: ChainInput | undefined;
  try {
    input = normalizeInput(message);
    const run = deps.execution.runs.kept(input.runId) ?? (await loadTask(deps, input));
    if (input.kind === 'task') {
      const refusal = await deps.preCheck(run);
      if (refusal?.kind === 'terminated') return await terminateTask(deps, run, refusal.reason);
      if (refusal?.kind === 'cooling') return putOff(refusal.delayMs);
    }
    buildModules(run, input);
    if (isTracing() && input.target !== undefined) noteStep('ingress', run, stepIn(input.target));
    await deps.dispatch(moduleDispatch(run, input));
    deps.counters.taken(input.kind);
    return { kind: 'next', messages: [] };
  } catch (thrown) {
    if (isPutOff(thrown)) return { kind: 'retry', delayMs: thrown.retryAfterMs ?? 0, reason: thrown.code };
    if (isBackendFailure(thrown)) throw thrown;
    const error = thrown as CatenaError;
    deps.counters.failed(message.kind);
    return input === undefined ? refuse(deps, error) : failInput(deps, input, error);
  }
}

function stepIn({ node, stepIdx }: ChainTarget): { readonly moduleId: string; readonly stepIdx: number } {
  return { moduleId: node.moduleId, stepIdx };
}

/** Throws when the task was never accepted, or its modules cannot take its input. */
function loadTask(deps: IngressDeps, { runId }: ChainInput): Promise<LoadedRun> {
  return deps.execution.runs.load(runId);
}

/** Throws when the run does not have the module that the input names. */
function buildModules(run: LoadedRun, { target }: ChainInput): void {
  if (target !== undefined) moduleOf(run, target.node.moduleId);
}

/** Skips a malformed message. It belongs to no run, so only the log records it. */
function refuse(deps: IngressDeps, error: CatenaError): IngressOutcome {
  deps.execution.log.error('ingress refused a malformed message and skipped it', { error });
  return { kind: 'skip', reason: error.code };
}

/** Ends a task that its pre-check refused. The coordinator ends a run that it holds; any other run is rejected here. */
async function terminateTask(deps: IngressDeps, { task }: LoadedRun, reason: string): Promise<IngressOutcome> {
  const held = await deps.execution.coordinator.findRun(task.runId);
  if (held === undefined) await deps.rejectRun(task.runId, `refused at its pre-check: ${reason}`);
  return { kind: 'terminate', scope: 'task', reason, messages: [] };
}

/** The run of a task that cools down waits; it is looked at again now and then, because the task may be lifted before. */
function putOff(delayMs: number): IngressOutcome {
  return { kind: 'retry', delayMs: Math.min(delayMs, LONGEST_PUT_OFF_MS), reason: 'its task cools down' };
}

/**
 * Records a failure of LoadTask or BuildModules: of the run for a task, else of the node. When another process may serve the
 * missing module, the message is retried and nothing fails.
 */
async function failInput(
  deps: IngressDeps,
  { runId, target }: ChainInput,
  error: CatenaError,
): Promise<IngressOutcome> {
  if (target === undefined) {
    const retry = retryElsewhere(deps.execution, error);
    if (retry !== undefined) return retry;
    deps.execution.log.error('ingress could not load a task and rejected its run', { run_id: runId, error });
    await deps.rejectRun(runId, error.message);
    return { kind: 'skip', reason: error.code };
  }
  const { node, epoch } = target;
  const ref = { stage: 'module-processor', node, epoch, origin: target, failsIn: 'ingress' } as const;
  return failUnloaded(deps.execution, ref, error);
}

/** The dispatch to the module-processor for an input. */
export function moduleDispatch(run: LoadedRun, { target }: ChainInput): Dispatch {
  if (target === undefined) return { kind: 'start', run };
  const { node, epoch, isRequest, stepIdx, prefixRequest, attempts } = target;
  if (!isRequest) return { kind: 'hop', run, node, epoch };
  return {
    kind: 'request',
    run,
    wakeUp: {
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
