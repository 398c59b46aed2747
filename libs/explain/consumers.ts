/** Stages that open nodes wait for and that no process hosts, or none that serves their module. */
import type { ProcessInfo } from '../bus/process-info.ts';
import type { ChainNode } from '../coordination/protocol/node.ts';
import type { RunSnapshot } from '../coordination/protocol/reads.ts';
import { listOf, type RunReason, subject } from './reasons.ts';

/** The stages that a node passes on its way to the next state. */
const TAKEN_BY: Readonly<Record<string, (node: ChainNode) => readonly string[]>> = {
  pending: ({ kind }) => (kind === 'hop' ? ['ingress', 'module-processor'] : ['downloader']),
  retry: () => ['ingress', 'module-processor'],
  fetched: () => ['parser'],
  failed: () => ['error-threshold'],
};

/** One reason per stage, and per stage and module; none when the processes are not known. */
export function missingConsumers(
  { paused, mark }: RunSnapshot,
  nodes: readonly ChainNode[],
  processes: readonly ProcessInfo[] | undefined,
): RunReason[] {
  if (processes === undefined || paused || mark !== '') return [];
  const waiting = new Map<string, ChainNode[]>();
  for (const node of nodes) {
    for (const stage of TAKEN_BY[node.state]?.(node) ?? []) waiting.set(stage, [...(waiting.get(stage) ?? []), node]);
  }
  return [...waiting].flatMap(([stage, ofStage]) => {
    const hosts = processes.filter(({ stages }) => stages.includes(stage));
    return hosts.length === 0 ? [noConsumer(stage, ofStage)] : notServed(stage, ofStage, hosts);
  });
}

const WAITS = { one: 'waits', many: 'wait' };

function noConsumer(stage: string, nodes: readonly ChainNode[]): RunReason {
  const text = `${subject(nodes.length, 'node', WAITS)} for ${stage}, but no process hosts it: start one.`;
  return { code: 'no_consumer', text, nodes: nodes.length };
}

function notServed(stage: string, nodes: readonly ChainNode[], hosts: readonly ProcessInfo[]): RunReason[] {
  return [...Map.groupBy(nodes, ({ moduleId }) => moduleId)].flatMap(([moduleId, ofModule]) => {
    if (hosts.some(({ modules }) => modules.includes(moduleId))) return [];
    const names = listOf(hosts.map(({ name }) => name));
    const served = listOf([...new Set(hosts.flatMap(({ modules }) => modules))]) || 'no module';
    const text = `${subject(ofModule.length, 'node', WAITS)} for ${stage} with ${moduleId}, but none that runs has it (${names}: ${served}): start one with that version.`;
    return [{ code: 'module_not_served', text, moduleId, nodes: ofModule.length }];
  });
}
