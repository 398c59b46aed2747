import type { AuthorCall, DeadNode, JoinPage, JoinSource, OpenRequest } from '../../libs/calls/served-module.ts';
import { type ChainNode, isFailure, isTerminal } from '../../libs/coordination/protocol/node.ts';
import type { Ending, OnlyChild } from '../../libs/stage/execution/execute-node.ts';
import { gather } from '../../libs/stage/execution/gather.ts';
import { failureOf } from '../../libs/stage/run/crash-failure.ts';
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
/** Texts may be long, and the node of each is looked up. */
const PAGE_PARTIALS = 20;

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
    partials: async (after): Promise<JoinPage<OpenRequest, string>> => {
      // Without an early opening no request of an earlier phase is open.
      if (!lease.node.isEarly) return { rows: [], next: undefined };
      const query = { runId, moduleId, beforePhase: phase, limit: PAGE_PARTIALS, after };
      const texts = await store.listPartials(query);
      const rows = await Promise.all(
        texts.map(async ({ nodeId: id, phase, text, receivedAtMs }): Promise<OpenRequest[]> => {
          const node = await execution.coordinator.findNode({ id, runId, moduleId, phase });
          if (node === undefined || isTerminal(node.state)) return [];
          const step = module.definition.steps[node.stepIdx]?.name ?? '';
          return [{ step, body: node.body, text, receivedAtMs }];
        }),
      );
      return { rows: rows.flat(), next: texts.length < PAGE_PARTIALS ? undefined : texts.at(-1)!.nodeId };
    },
    failures: async (after): Promise<JoinPage<DeadNode, string>> => {
      const from = after === '' ? {} : { after };
      const nodes = await execution.coordinator.listNodes({ runId, state: 'dead', limit: PAGE_ROWS, ...from });
      const rows = nodes.filter(
        (node) => node.moduleId === moduleId && node.phase < phase && isFailure(node.deathReason),
      );
      return {
        rows: rows.map((node) => toDeadNode(module.definition.steps[node.stepIdx]?.name, node)),
        next: nodes.length < PAGE_ROWS ? undefined : nodes.at(-1)!.id,
      };
    },
  };
}

function toDeadNode(step: string | undefined, node: ChainNode): DeadNode {
  return { step: step ?? 'start', reason: node.deathReason, error: failureOf(node), body: node.body };
}
