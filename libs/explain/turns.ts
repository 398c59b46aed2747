/** What a run waits behind: other runs, and its own window. */
import { priorityClass } from '../contracts/priority.ts';
import type { ByKind, ModuleSnapshot } from '../coordination/protocol/reads.ts';
import type { RunRecord, Store } from '../store/port.ts';
import { countOf, type RunReason, subject } from './reasons.ts';

/** Other runs at one moment, counted up to {@link MOST_RUNS}. */
export interface OtherRuns {
  /** Accepted before it and not opened yet, of its class. */
  readonly ahead: number;
  /** Open beside it, of all classes. */
  readonly open: number;
}

/** Runs that are counted at most: the answer must not take longer the more there are. */
export const MOST_RUNS = 500;

/** Counts what may go before a run that waits; undefined for one that is closed. */
export async function readOtherRuns(
  store: Pick<Store, 'countRuns' | 'listRuns'>,
  { state, priority, acceptedAtMs }: RunRecord,
): Promise<OtherRuns | undefined> {
  if (state === 'closed') return undefined;
  const ofClass = {
    state: 'accepted',
    priorityClass: priorityClass(priority),
    acceptedBeforeMs: acceptedAtMs,
  } as const;
  const [ahead, open] = await Promise.all([
    state === 'accepted' ? store.listRuns({ limit: MOST_RUNS, ...ofClass }) : [],
    store.countRuns('open', MOST_RUNS + 1),
  ]);
  // It may have ended since it was read.
  const others = state === 'open' ? Math.max(0, open - 1) : open;
  return { ahead: ahead.length, open: Math.min(others, MOST_RUNS) };
}

/** The place of a run that was not opened yet, as a part of a sentence; empty when other runs were not counted. */
export function placeOf({ priority }: RunRecord, others: OtherRuns | undefined): string {
  if (others === undefined) return '';
  const { ahead, open } = others;
  const place = ahead < MOST_RUNS ? `number ${ahead + 1}` : `behind ${MOST_RUNS} or more`;
  return ` It is ${place} of those with ${priorityClass(priority)} priority that wait to be opened; ${openOnes(open)}.`;
}

function openOnes(open: number): string {
  const count = open < MOST_RUNS ? countOf(open, 'other run') : `${MOST_RUNS} other runs or more`;
  return `${count} ${open === 1 ? 'is' : 'are'} open`;
}

/** Nodes that stand ready because as many as may be are with the stages already. */
export function outsideOfWindow(modules: readonly ModuleSnapshot[], others: OtherRuns | undefined): RunReason[] {
  return modules.flatMap(({ moduleId, state, phases, front }) => {
    const open = phases.slice(0, front + 1);
    const nodes = totalOf(open.map(({ ready }) => ready));
    if (state !== 'open' || nodes === 0) return [];
    const inside = totalOf(open.map((phase) => phase.inside));
    const beside = others === undefined || others.open === 0 ? '' : `; ${openOnes(others.open)}, and runs take turns`;
    const text = `${subject(nodes, 'node', { one: 'stands', many: 'stand' })} ready behind ${inside} that ${inside === 1 ? 'is' : 'are'} with the stages${beside}.`;
    return [{ code: 'ready', text, moduleId, nodes }];
  });
}

/** Nodes of both kinds. */
export function totalOf(counts: readonly (ByKind | undefined)[]): number {
  return counts.reduce((sum, each) => sum + (each?.hop ?? 0) + (each?.request ?? 0), 0);
}
