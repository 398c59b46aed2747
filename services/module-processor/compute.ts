import type { ComputeCall, JoinedFailure, JoinedItem } from '../../libs/modules/contract/definition.ts';
import type { Ending, OnlyChild } from '../../libs/stage/execution/execute-node.ts';
import { gather } from '../../libs/stage/execution/yield.ts';
import { startBudget, stepBudget } from '../../libs/stage/execution/yield-budget.ts';
import { decodeHop } from '../../libs/stage/node/node-body.ts';
import { emittedSeed } from '../../libs/stage/node/seeds.ts';
import { deadNodes } from '../../libs/stage/run/close-run.ts';
import type { HopContext } from './context.ts';
import type { ModuleProcessorDeps, RunNext } from './deps.ts';

/** Runs a compute step or a module's start. It makes no request; all that it yields is committed together. */
export async function computeHop(deps: ModuleProcessorDeps, context: HopContext, runNext?: RunNext): Promise<Ending> {
  const { run, module, lease, step, call } = context;
  const { node } = lease;
  const { definition } = module;
  const emissions =
    step === undefined ? definition.start(call) : definition.compute(node.stepIdx, computeCall(deps, context));
  const yielded = await gather(emissions, {
    lease,
    coordinator: deps.execution.coordinator,
    toSeed: (hop) => emittedSeed(run, definition, hop, node),
    budget: step === undefined ? startBudget(deps.config.maxYieldsPerStart) : stepBudget(deps.config),
  });
  return { kind: 'commit', yielded, childStage: 'ingress', onlyChild: runNext && executeNext(runNext) };
}

/** An only child hop is executed next in this process, without a wake-up. */
function executeNext(runNext: RunNext): OnlyChild {
  return {
    take: (child) => {
      runNext(child);
      return undefined;
    },
    release: () => undefined,
  };
}

function computeCall(deps: ModuleProcessorDeps, { run, module, lease, call }: HopContext): ComputeCall {
  const { runId, moduleId, phase } = lease.node;
  return {
    input: call.input,
    state: call.state,
    account: call.account,
    platform: call.platform,
    runId,
    acceptedAtMs: call.acceptedAtMs,
    deadlineAtMs: call.deadlineAtMs,
    get signal() {
      return lease.signal;
    },
    items: (type) => readItems(deps, { runId, moduleId, beforePhase: phase, ...(type === undefined ? {} : { type }) }),
    failures: () => readFailures(deps, run.record.runId, module, phase),
  };
}

const PAGE_ROWS = 500;

/** Reads the committed items of earlier phases, page by page. */
async function* readItems(
  deps: ModuleProcessorDeps,
  query: { readonly runId: string; readonly moduleId: string; readonly beforePhase: number; readonly type?: string },
): AsyncGenerator<JoinedItem> {
  const { runId, moduleId, beforePhase, type } = query;
  let afterSeq = 0;
  for (;;) {
    const page = await deps.store.readItems({
      runId,
      afterSeq,
      limit: PAGE_ROWS,
      ...(type === undefined ? {} : { type }),
      join: { moduleId, beforePhase },
    });
    for (const row of page) yield { type: row.type, data: JSON.parse(row.data) as unknown };
    if (page.length < PAGE_ROWS) return;
    afterSeq = page.at(-1)!.seq;
  }
}

/** Reads the dead nodes of earlier phases, without superseded ones. */
async function* readFailures(
  deps: ModuleProcessorDeps,
  runId: string,
  { definition }: HopContext['module'],
  beforePhase: number,
): AsyncGenerator<JoinedFailure> {
  for await (const node of deadNodes(deps.execution.coordinator, runId)) {
    if (node.moduleId !== definition.id || node.phase >= beforePhase || node.deathReason === 'superseded') continue;
    const failure = node.error === '' ? undefined : (JSON.parse(node.error) as { code: string; message: string });
    yield {
      step: definition.steps[node.stepIdx]?.name ?? 'start',
      reason: node.deathReason,
      code: failure?.code ?? '',
      message: failure?.message ?? '',
      state: decodeHop(node.body).state,
    };
  }
}
