import type { ChainNode, NodeRef } from '../../../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../../../libs/coordination/protocol/port.ts';
import type { NodeFilter, RunSnapshot } from '../../../../libs/coordination/protocol/reads.ts';

const PAGE = 500;

/** Every node that the filter selects, page by page. */
export async function allNodes(coordinator: Coordinator, filter: Omit<NodeFilter, 'limit' | 'after'>) {
  const nodes: ChainNode[] = [];
  for (;;) {
    const last = nodes.at(-1);
    const page = await coordinator.listNodes({
      ...filter,
      limit: PAGE,
      ...(last === undefined ? {} : { after: last.id }),
    });
    nodes.push(...page);
    if (page.length < PAGE) return nodes;
  }
}

/** A run as the port shows it: its counters, and its nodes by id. */
export interface RunView {
  readonly run: RunSnapshot;
  readonly nodes: ReadonlyMap<string, ChainNode>;
}

export async function viewRun(coordinator: Coordinator, runId: string): Promise<RunView | undefined> {
  const run = await coordinator.findRun(runId);
  if (run === undefined) return undefined;
  const nodes = await allNodes(coordinator, { runId });
  return { run, nodes: new Map(nodes.map((node) => [node.id, node])) };
}

/** Only what names the node, as a message would carry it. */
export function refOf(node: NodeRef): NodeRef {
  return { id: node.id, runId: node.runId, moduleId: node.moduleId, phase: node.phase };
}

/** A purge is no transition of a run: it forgets it. */
type Transitions = Omit<Coordinator, 'findRun' | 'findNode' | 'listNodes' | 'listDue' | 'listEvents' | 'runPurge'>;

/** One call of a transition, with what it answered. */
export type Step = {
  [Name in keyof Transitions]: {
    readonly name: Name;
    readonly command: Parameters<Transitions[Name]>[0];
    readonly outcome: Awaited<ReturnType<Transitions[Name]>>;
  };
}[keyof Transitions];
