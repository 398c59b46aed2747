/** What must hold between the readings before and after one transition. */
import { ClaimCode, SUSPECT_AFTER } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode, PumpCode, StageCode } from '../../../../libs/coordination/protocol/commits.ts';
import { ReplayCode } from '../../../../libs/coordination/protocol/errors.ts';
import { type ChainNode, LAST_OPENING_MS } from '../../../../libs/coordination/protocol/node.ts';
import type { ModuleSnapshot } from '../../../../libs/coordination/protocol/reads.ts';
import { moveViolations } from './moves.ts';
import type { RunView, Step } from './reading.ts';

/** What the watcher knows of the past. */
export interface Memory {
  /** `node@epoch` of each commit. */
  readonly commits: Set<string>;
  /** Ids of the hops that open phases, by the plan. */
  readonly openers: Set<string>;
  /** Ids staged, by `node@token`. */
  readonly staged: Map<string, Set<string>>;
  /** Nodes that a replay re-opened, and what they yielded since: they may run in a closed phase. */
  readonly reopened: Set<string>;
  /** The items of the last commit of each node. */
  readonly items: Map<string, number>;
}

export function newMemory(): Memory {
  return { commits: new Set(), openers: new Set(), staged: new Map(), reopened: new Set(), items: new Map() };
}

/** Compares the two readings, and remembers the step. */
export function stepViolations(before: RunView | undefined, after: RunView, step: Step, memory: Memory): string[] {
  const allowed = remember(before, step, memory);
  return [
    ...ofCommit(before, after, step, memory),
    ...ofChildren(before, after, allowed, memory),
    ...ofBirths(after, step, allowed),
    ...ofItems(after, step, memory),
    ...ofClaims(before, after, memory),
    ...ofSuspects(before, after, step),
    ...ofLives(before, after, step),
    ...ofJoins(before, after, step),
  ];
}

/** Takes note of the step; answers the ids that it may bring into being. */
function remember(before: RunView | undefined, step: Step, memory: Memory): ReadonlySet<string> {
  switch (step.name) {
    case 'runOpen': {
      const phases = step.command.modules.flatMap((module) => module.phases);
      for (const { opener } of phases) if (opener !== undefined) memory.openers.add(opener.id);
      return new Set(step.command.modules.flatMap((module) => module.first.map((seed) => seed.id)));
    }
    case 'stageChildren': {
      const key = `${step.command.node.id}@${step.command.token}`;
      const ids = memory.staged.get(key) ?? new Set();
      if (step.outcome === StageCode.STAGED) for (const seed of step.command.children) ids.add(seed.id);
      memory.staged.set(key, ids);
      return new Set();
    }
    case 'commitSuccess': {
      if (step.outcome.code !== CommitCode.COMMIT_OK) return new Set();
      const { node, token, children } = step.command;
      const ids = new Set(children.map((seed) => seed.id));
      for (const id of memory.staged.get(`${node.id}@${token}`) ?? []) ids.add(id);
      if (memory.reopened.has(node.id)) for (const id of ids) memory.reopened.add(id);
      return ids;
    }
    case 'childrenPump': {
      if (step.outcome.code !== PumpCode.MOVED) return new Set();
      const token = before?.nodes.get(step.command.node.id)?.committedToken;
      return memory.staged.get(`${step.command.node.id}@${token}`) ?? new Set();
    }
    case 'replay':
      if (step.outcome.code === ReplayCode.REPLAYED) memory.reopened.add(step.command.node.id);
      return new Set();
    default:
      return new Set();
  }
}

/** I3: at most once per epoch, and only by the current token. */
function ofCommit(before: RunView | undefined, after: RunView, step: Step, memory: Memory): string[] {
  const violations: string[] = [];
  const committed = step.name === 'commitSuccess' && step.outcome.code === CommitCode.COMMIT_OK;
  if (committed) {
    const { node, token } = step.command;
    const was = before?.nodes.get(node.id);
    const key = `${node.id}@${was?.epoch}`;
    if (memory.commits.has(key)) violations.push(`I3 ${key} committed twice`);
    memory.commits.add(key);
    if (was?.state !== 'processing' || was.token !== token) violations.push(`I3 ${key} committed without its lease`);
    const ended = before === undefined || was === undefined ? '' : endOf(before, was, memory);
    if (ended !== '') violations.push(`I7 ${key} committed, but ${ended}`);
    if (after.nodes.get(node.id)?.committedToken !== token) violations.push(`I6 ${key} does not name its commit`);
  }
  for (const [id, node] of after.nodes) {
    const was = before?.nodes.get(id);
    if (committed && step.command.node.id === id) continue;
    if ((was?.committedToken ?? '') !== node.committedToken) violations.push(`I6 ${id} took over another's commit`);
  }
  return violations;
}

/** I4: what a commit, or the last batch of a pump, has brought into being is there. */
function ofBirths(after: RunView, step: Step, allowed: ReadonlySet<string>): string[] {
  const ended =
    (step.name === 'commitSuccess' && step.outcome.code === CommitCode.COMMIT_OK && !step.outcome.releasing) ||
    (step.name === 'childrenPump' && step.outcome.code === PumpCode.MOVED && !step.outcome.more);
  if (!ended) return [];
  const missing = [...allowed].filter((id) => !after.nodes.has(id));
  // What a cap leaves out is counted.
  if (missing.length <= (after.run.capUse?.leftOut ?? 0)) return [];
  return missing.map((id) => `I4 ${id} was committed and is not there`);
}

/** I13: the items that count toward a cap are those of the last commit of each node, and requests pass a cap by a replay alone. */
function ofItems(after: RunView, step: Step, memory: Memory): string[] {
  if (step.name === 'commitSuccess' && step.outcome.code === CommitCode.COMMIT_OK) {
    memory.items.set(step.command.node.id, step.outcome.items);
  }
  const { capUse } = after.run;
  if (capUse === undefined) return [];
  const { pages } = capUse;
  const { pages: most = pages } = capUse.caps;
  if (pages > most && memory.reopened.size === 0) return [`I13 ${pages} requests were made, the cap is ${most}`];
  const items = [...memory.items.values()].reduce((sum, each) => sum + each, 0);
  return items === capUse.items ? [] : [`I13 ${capUse.items} items are counted, the commits have ${items}`];
}

/** I4: children exist only if their parent committed. */
function ofChildren(
  before: RunView | undefined,
  after: RunView,
  allowed: ReadonlySet<string>,
  memory: Memory,
): string[] {
  const violations: string[] = [];
  for (const id of after.nodes.keys()) {
    const isNew = before?.nodes.has(id) !== true;
    if (isNew && !allowed.has(id) && !memory.openers.has(id)) violations.push(`I4 ${id} came from nowhere`);
  }
  for (const id of before?.nodes.keys() ?? []) if (!after.nodes.has(id)) violations.push(`I1 ${id} is gone`);
  return violations;
}

/** I7: nothing is claimed after a mark, in a pause, or outside the open phase. */
function ofClaims(before: RunView | undefined, after: RunView, memory: Memory): string[] {
  const violations: string[] = [];
  for (const [id, node] of after.nodes) {
    if (node.state !== 'processing' || before?.nodes.get(id)?.token === node.token) continue;
    if (after.run.paused) violations.push(`I7 ${id} was claimed in a pause`);
    const ended = endOf(after, node, memory);
    if (ended !== '') violations.push(`I7 ${id} was claimed, but ${ended}`);
    // A hand-over may claim in a phase that the same step opens.
    const front = Math.max(...[before, after].map((view) => (view && moduleOf(view, node)?.front) ?? 0));
    if (node.phase > front) violations.push(`I5 ${id} was claimed before its phase opened`);
    const current = moduleOf(after, node)?.currentPhase ?? 0;
    const waits = (before?.nodes.get(id)?.dueAtMs ?? 0) >= LAST_OPENING_MS;
    if (waits && node.phase > current) violations.push(`I5 ${id} was claimed before the last opening of its phase`);
  }
  return violations;
}

/** I11: a suspect is leased to a claim that is alone, and to no other. */
function ofSuspects(before: RunView | undefined, after: RunView, step: Step): string[] {
  const isAlone = step.name === 'claim' && step.command.alone;
  const violations = isAlone
    ? []
    : [...after.nodes.values()]
        .filter(({ id, token, crashes }) => crashes >= SUSPECT_AFTER && before?.nodes.get(id)?.token !== token)
        .filter(({ state }) => state === 'processing')
        .map(({ id }) => `I11 ${id} is a suspect and was leased among others`);
  if (step.name !== 'claim' || step.outcome.code !== ClaimCode.SUSPECT) return violations;
  const crashes = before?.nodes.get(step.command.node.id)?.crashes ?? 0;
  return crashes < SUSPECT_AFTER || isAlone ? [...violations, `I11 ${step.command.node.id} is no suspect`] : violations;
}

/** What ended the node's run, module or phase; empty while it may be executed. */
function endOf(view: RunView, node: ChainNode, memory: Memory): string {
  const { state, mark } = view.run;
  if (state !== 'open' || mark !== '') return `its run is ${state} ${mark}`;
  const module = moduleOf(view, node);
  if (module?.state !== 'open') return `its module is ${module?.state}`;
  const closed = module.phases[node.phase]?.closed ?? '';
  return closed === '' || memory.reopened.has(node.id) ? '' : `its phase is closed: ${closed}`;
}

function moduleOf({ run }: RunView, { moduleId }: ChainNode): ModuleSnapshot | undefined {
  return run.modules.find((module) => module.moduleId === moduleId);
}

/** A node moves as its life cycle says, and a run opens again by a replay alone. */
function ofLives(before: RunView | undefined, after: RunView, step: Step): string[] {
  if (before === undefined) return [];
  const violations = moveViolations(before, after, step);
  const again = before.run.state !== 'open' && after.run.state === 'open';
  const rose = after.run.openings - before.run.openings;
  if (rose !== (again ? 1 : 0)) violations.push(`openings rose by ${rose} while the run went to ${after.run.state}`);
  if (again && step.name !== 'replay') violations.push(`the run opened again by ${step.name}`);
  return violations;
}

/** I5: a phase is passed when it is empty or over its deadline, in order, and once unless a replay takes it back. */
function ofJoins(before: RunView | undefined, after: RunView, step: Step): string[] {
  const violations: string[] = [];
  const rejoins = step.name === 'replay' && step.command.rejoin;
  for (const module of after.run.modules) {
    const was = before?.run.modules.find((each) => each.moduleId === module.moduleId);
    const from = was?.currentPhase ?? 0;
    if (module.currentPhase < from && !rejoins) violations.push(`I5 ${module.moduleId} went back to an earlier phase`);
    for (let phase = from; phase < module.currentPhase; phase++) violations.push(...ofPassing(module, phase));
    violations.push(...ofEarlyOpening(was, module, after, step));
    const marked = before !== undefined && before.run.mark !== '' && after.run.mark !== '';
    if (marked && module.currentPhase > from) violations.push(`I7 ${module.moduleId} opened a phase under a mark`);
  }
  return violations;
}

/** I5: the later phases open early once, each when those before it that are open early are empty, but for what waits; then once more. */
function ofEarlyOpening(was: ModuleSnapshot | undefined, module: ModuleSnapshot, after: RunView, step: Step): string[] {
  const violations: string[] = [];
  const { moduleId, front, currentPhase, revision } = module;
  const passed = was !== undefined && currentPhase > was.currentPhase && was.front > was.currentPhase;
  const rejoins = step.name === 'replay' && step.command.rejoin;
  const rose = revision - (was?.revision ?? 1);
  if (rose !== (passed ? 1 : 0) && !rejoins) violations.push(`I5 the revision of ${moduleId} rose by ${rose}`);
  const began = was !== undefined && front > currentPhase && (was.front === was.currentPhase || passed);
  if (began && step.name !== 'earlyOpen') violations.push(`I5 ${moduleId} opened early by ${step.name}`);
  if (was === undefined || currentPhase !== was.currentPhase) return violations;
  for (const node of after.nodes.values()) {
    const isPassed = node.phase > currentPhase && node.phase >= was.front && node.phase < front;
    if (node.moduleId === moduleId && isPassed && node.dueAtMs > 0 && node.dueAtMs < LAST_OPENING_MS) {
      violations.push(`I5 ${moduleId} opened phase ${front} early while ${node.id} was open`);
    }
  }
  return violations;
}

function ofPassing(module: ModuleSnapshot, index: number): string[] {
  const phase = module.phases[index];
  if (phase === undefined || phase.closed === 'deadline' || phase.open === 0) return [];
  return [`I5 ${module.moduleId}/${index} was passed with ${phase.open} open nodes`];
}
