/** Checks the phases of a contract and converts them for the engine. */
import type { JoinPolicy } from '../../coordination/protocol/runs.ts';
import type { JoinDeclaration, PhaseDeclaration } from '../contract/contract.ts';
import type { PhaseDefinition } from '../contract/definition.ts';
import { isRecord } from './is-record.ts';

type Phases = readonly PhaseDeclaration[] | undefined;

/** Every step must be in exactly one phase; the shares must not add up to more than 1. */
export function phaseProblems(stepNames: readonly string[], phases: Phases): string[] {
  if (phases === undefined) return [];
  if (!Array.isArray(phases) || phases.length === 0)
    return ['phases: give a list of lists of step names, or leave it out'];
  const misshapen = phases.findIndex((phase) => !hasStepList(phase));
  if (misshapen !== -1) return [`phase ${misshapen}: give a list of step names, or { steps, join, share }`];
  const listed = phases.flatMap((phase) => stepsOf(phase));
  return [
    ...phases.flatMap((phase, index) => (stepsOf(phase).length === 0 ? [`phase ${index}: it has no steps`] : [])),
    ...[...new Set(listed)]
      .filter((name) => !stepNames.includes(name))
      .map((name) => `phases: there is no step "${name}"`),
    ...stepNames.filter((name) => !listed.includes(name)).map((name) => `phases: step "${name}" is in no phase`),
    ...stepNames
      .filter((name) => listed.indexOf(name) !== listed.lastIndexOf(name))
      .map((name) => `phases: step "${name}" is listed more than once`),
    ...phases.flatMap((phase, index) => joinProblems(joinOf(phase)).map((problem) => `phase ${index}: ${problem}`)),
    ...shareProblems(phases),
  ];
}

/** The phases of a contract without problems. */
export function readPhases(stepNames: readonly string[], phases: Phases): PhaseDefinition[] {
  return (phases ?? [stepNames]).map((phase) => ({
    steps: stepsOf(phase).map((name) => stepNames.indexOf(name)),
    join: policyOf(joinOf(phase)),
    share: shareOf(phase),
  }));
}

function hasStepList(phase: unknown): boolean {
  return Array.isArray(phase) || (isRecord(phase) && Array.isArray(phase.steps));
}

function stepsOf(phase: PhaseDeclaration): readonly string[] {
  return 'steps' in phase ? phase.steps : phase;
}

function joinOf(phase: PhaseDeclaration): JoinDeclaration {
  return 'steps' in phase ? (phase.join ?? 'settle') : 'settle';
}

function shareOf(phase: PhaseDeclaration): number | undefined {
  return 'steps' in phase ? phase.share : undefined;
}

function policyOf(join: JoinDeclaration): JoinPolicy {
  return typeof join === 'string' ? { kind: join } : { kind: 'threshold', ...join };
}

function joinProblems(join: unknown): string[] {
  if (join === 'settle' || join === 'failFast') return [];
  if (!isRecord(join)) return ['join must be "settle", "failFast" or { maxDead, maxDeadRate }'];
  const { maxDead, maxDeadRate } = join;
  const problems: string[] = [];
  if (maxDead === undefined && maxDeadRate === undefined) problems.push('join has neither maxDead nor maxDeadRate');
  if (maxDead !== undefined && !(Number.isInteger(maxDead) && Number(maxDead) >= 0)) {
    problems.push('maxDead must be a whole number of at least 0');
  }
  if (maxDeadRate !== undefined && !isShare(maxDeadRate)) problems.push('maxDeadRate must be a number from 0 to 1');
  return problems;
}

function shareProblems(phases: readonly PhaseDeclaration[]): string[] {
  const shares = phases.map(shareOf);
  const problems = shares.flatMap((share, index) =>
    share === undefined || (isShare(share) && share > 0)
      ? []
      : [`phase ${index}: share must be a number above 0, at most 1`],
  );
  const sum = shares.reduce<number>((total, share) => total + (share ?? 0), 0);
  // In floating point ten tenths do not add up to exactly 1.
  return problems.length === 0 && sum > 1 + 1e-9 ? [`phases: their shares add up to ${sum}, more than 1`] : problems;
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}
