import type { AuthorCall, DeadNode, JoinPage, JoinSource } from '../../libs/calls/served-module.ts';
import type { ChainNode } from '../../libs/coordination/protocol/node.ts';
import type { Ending, OnlyChild } from '../../libs/stage/execution/execute-node.ts';
import { gather } from '../../libs/stage/execution/gather.ts';
import { type HopContext, nodeCall } from './context.ts';
import type { ModuleProcessorDeps, RunNext } from './deps.ts';

/** Runs a compute step or a module's start. It makes no request; all that it yields is committed together. */
export async function computeHop(deps: ModuleProcessorDeps, context: HopContext, runNext?: RunNext): Promise<Ending> {
  const { lease, module, step } = context;
  const of = nodeCall(context);
  const call: AuthorCall =
    step === undefined ? { fn: 'start', ...of } : { fn: 'compute', ...of, join: joinSource(deps, context) };
  const yielded = await gather(module.definition, call, { lease, coordinator: deps.execution.coordinator });
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

const PAGE_ROWS = 500;

/** What a compute step may read: the committed items and the dead nodes of earlier phases. */
function joinSource({ store, execution }: ModuleProcessorDeps, { module, lease }: HopContext): JoinSource {
  const { runId, moduleId, phase } = lease.node;
  return {
    items: async (type, afterSeq) => {
      const ofType = type === undefined ? {} : { type };
      const join = { moduleId, beforePhase: phase };
      const rows = await store.readItems({ runId, afterSeq, limit: PAGE_ROWS, ...ofType, join });
      return { rows, next: rows.length < PAGE_ROWS ? undefined : rows.at(-1)!.seq };
    },
    failures: async (after): Promise<JoinPage<DeadNode, string>> => {
      const from = after === '' ? {} : { after };
      const nodes = await execution.coordinator.listNodes({ runId, state: 'dead', limit: PAGE_ROWS, ...from });
      const rows = nodes.filter(
        (node) => node.moduleId === moduleId && node.phase < phase && node.deathReason !== 'superseded',
      );
      return {
        rows: rows.map((node) => toDeadNode(module.definition.steps[node.stepIdx]?.name, node)),
        next: nodes.length < PAGE_ROWS ? undefined : nodes.at(-1)!.id,
      };
    },
  };
}

function toDeadNode(step: string | undefined, { deathReason, error, body }: ChainNode): DeadNode {
  return { step: step ?? 'start', reason: deathReason, error, body };
}
