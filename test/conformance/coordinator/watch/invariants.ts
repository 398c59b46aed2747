/** What must hold of a run at any instant, read through the port alone. */

import { type ChainNode, isTerminal, windowPlace } from '../../../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../../../libs/coordination/protocol/port.ts';
import type { ModuleSnapshot } from '../../../../libs/coordination/protocol/reads.ts';
import { type RunView, viewRun } from './reading.ts';

/** Reads the run and throws when an invariant does not hold; answers what it read. */
export async function checkInvariants(coordinator: Coordinator, runId: string): Promise<RunView | undefined> {
  const view = await viewRun(coordinator, runId);
  if (view !== undefined) refuse(violationsOf(view), `run ${runId}`);
  return view;
}

/** Throws one error that names every violation. */
export function refuse(violations: readonly string[], where: string): void {
  if (violations.length > 0) throw new Error(`${where} breaks the chain's invariants:\n  ${violations.join('\n  ')}`);
}

export function violationsOf(view: RunView): string[] {
  const { run, nodes } = view;
  const violations: string[] = [];
  const byPhase = new Map<string, ChainNode[]>();
  for (const node of nodes.values()) {
    const key = `${node.moduleId}/${node.phase}`;
    byPhase.set(key, [...(byPhase.get(key) ?? []), node]);
    violations.push(...ofNode(node));
  }
  for (const module of run.modules) {
    violations.push(...ofCounters(module, byPhase), ...ofPhases(module), ...ofWindow(module, byPhase));
  }
  const open = [...nodes.values()].filter((node) => !isTerminal(node.state)).length;
  violations.push(...ofCaps(view));
  if (run.state !== 'open' && open > 0) violations.push(`I8 the run is ${run.state} with ${open} open nodes`);
  return violations;
}

function ofNode(node: ChainNode): string[] {
  const violations: string[] = [];
  const terminal = isTerminal(node.state);
  const say = (text: string) => violations.push(`${text}: ${node.id} is ${node.state}`);
  if (terminal !== (node.dueAtMs === 0)) say(`I2 a node is due exactly while it is open (${node.dueAtMs})`);
  if ((node.state === 'dead') !== (node.deathReason !== '')) say(`a death has a reason ('${node.deathReason}')`);
  if ((node.state === 'done' || node.state === 'releasing') && node.committedToken === '') say('I3 never committed');
  if (node.state === 'processing' && (node.token === '' || node.owner === '')) say('a lease has a holder');
  if (node.attempts < 0 || node.crashes < 0 || node.dispatches < 0) say('a counter is negative');
  return violations;
}

/** I1: the counters are the nodes, per phase, and so per module and run. */
function ofCounters(module: ModuleSnapshot, byPhase: ReadonlyMap<string, readonly ChainNode[]>): string[] {
  const violations: string[] = [];
  for (const [index, phase] of module.phases.entries()) {
    const nodes = byPhase.get(`${module.moduleId}/${index}`) ?? [];
    const done = nodes.filter((node) => node.state === 'done').length;
    const leftOut = nodes.filter((node) => node.deathReason === 'left_out').length;
    const dead = nodes.filter((node) => node.state === 'dead').length - leftOut;
    const counted = [phase.created, phase.done, phase.dead, phase.leftOut ?? 0, phase.open].join();
    const actual = [nodes.length, done, dead, leftOut, nodes.length - done - dead - leftOut].join();
    if (counted !== actual) {
      violations.push(
        `I1 ${module.moduleId}/${index} counts created,done,dead,left out,open ${counted}, its nodes are ${actual}`,
      );
    }
  }
  return violations;
}

/** I13: what a run has used of its caps is what its nodes are. */
function ofCaps({ run, nodes }: RunView): string[] {
  const { capUse } = run;
  const leftOut = [...nodes.values()].filter(({ deathReason }) => deathReason === 'left_out').length;
  if (capUse === undefined) return leftOut === 0 ? [] : [`I13 ${leftOut} nodes are left out of a run without caps`];
  const pages = [...nodes.values()].filter(({ kind }) => kind === 'request').length;
  const violations: string[] = [];
  if (capUse.pages !== pages) violations.push(`I13 ${capUse.pages} pages are counted, there are ${pages} requests`);
  if (leftOut > 0 && capUse.reached.length === 0) violations.push(`I13 ${leftOut} nodes are left out before any cap`);
  return violations;
}

/** I12: the counters of a window are its nodes. */
function ofWindow(module: ModuleSnapshot, byPhase: ReadonlyMap<string, readonly ChainNode[]>): string[] {
  const { moduleId, phases } = module;
  const all = phases.map((_, index) => byPhase.get(`${moduleId}/${index}`) ?? []);
  const count = (nodes: readonly ChainNode[], kind: ChainNode['kind'], place: string): number =>
    nodes.filter((node) => node.kind === kind && windowPlace(node) === place).length;
  const violations: string[] = [];
  for (const kind of ['hop', 'request'] as const) {
    for (const [index, { inside, ready }] of phases.entries()) {
      const counted = `${inside?.[kind]} inside and ${ready?.[kind]} ready`;
      const actual = `${count(all[index]!, kind, 'inside')} inside and ${count(all[index]!, kind, 'ready')} ready`;
      if (counted !== actual)
        violations.push(`I12 ${moduleId}/${index} counts of ${kind}s ${counted}, there are ${actual}`);
    }
  }
  return violations;
}

function ofPhases(module: ModuleSnapshot): string[] {
  const violations: string[] = [];
  for (const [index, phase] of module.phases.entries()) {
    const passed = index < module.currentPhase;
    if (passed === (phase.closed === '')) {
      violations.push(`I5 ${module.moduleId}/${index} is closed '${phase.closed}' at phase ${module.currentPhase}`);
    }
  }
  if (module.front < module.currentPhase) violations.push(`I5 ${module.moduleId} is open behind its current phase`);
  if (module.state === 'done' && module.currentPhase < module.phases.length) {
    violations.push(`I5 ${module.moduleId} is done in phase ${module.currentPhase}`);
  }
  return violations;
}
