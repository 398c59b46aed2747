/** The whole state of a run as the port shows it, read from one side and made comparable. */

import type { ChainNode } from '../../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import type { RunSnapshot, TimelineEvent } from '../../../libs/coordination/protocol/reads.ts';
import { allNodes } from '../coordinator/watch/reading.ts';
import { normalNode } from './normal-form.ts';

export interface RunState {
  readonly run: RunSnapshot | undefined;
  readonly nodes: readonly ChainNode[];
  /** Those behind the ones that were read before. */
  readonly events: readonly TimelineEvent[];
}

const EVENTS_PER_READ = 500;

export async function readState(coordinator: Coordinator, runId: string, afterSeq: number): Promise<RunState> {
  const [run, nodes, events] = await Promise.all([
    coordinator.findRun(runId),
    allNodes(coordinator, { runId }),
    coordinator.listEvents({ runId, afterSeq, limit: EVENTS_PER_READ }),
  ]);
  return { run, nodes, events };
}

/** By node id, and events in their order without the numbers, of which only the order is promised. */
export function normalState(
  { run, nodes, events }: RunState,
  nowMs: number,
  translate: (node: ChainNode) => ChainNode,
): Record<string, unknown> {
  return {
    run,
    nodes: Object.fromEntries(nodes.map((node) => [node.id, normalNode(translate(node), nowMs, isHeldIn(run, node))])),
    events: events.map(({ seq: _, ...event }) => event),
  };
}

/** Whether the node waits for its phase to open. */
export function isHeldIn(run: RunSnapshot | undefined, node: ChainNode): boolean {
  const module = run?.modules.find(({ moduleId }) => moduleId === node.moduleId);
  return module !== undefined && node.state === 'pending' && node.phase > module.front;
}
