/** What the plans of the generated runs leave out: deadlines and join policies of phases. */
import fc from 'fast-check';
import type { JoinPolicy, ModulePlan } from '../../../libs/coordination/protocol/runs.ts';

export interface PhaseRules {
  readonly join: JoinPolicy;
  /** 0 is none. */
  readonly deadlineInMs: number;
}

const joins: fc.Arbitrary<JoinPolicy> = fc.constantFrom<JoinPolicy>(
  { kind: 'settle' },
  { kind: 'settle' },
  { kind: 'failFast' },
  { kind: 'threshold', maxDead: 1 },
  { kind: 'threshold', maxDeadRate: 0.3 },
  { kind: 'threshold', maxDead: 3, maxDeadRate: 0.5 },
);

/** Of each phase of each module in turn; beyond the list a phase has no deadline and settles. */
export const phaseRules: fc.Arbitrary<readonly PhaseRules[]> = fc.array(
  fc.record({ join: joins, deadlineInMs: fc.constantFrom(0, 0, 0, 0, 0, 60_000, 3_600_000) }),
  { maxLength: 6 },
);

export function withRules(modules: readonly ModulePlan[], rules: readonly PhaseRules[], nowMs: number): ModulePlan[] {
  const left = [...rules];
  return modules.map((module) => ({
    ...module,
    phases: module.phases.map((phase) => {
      const rule = left.shift();
      if (rule === undefined) return phase;
      const deadline = rule.deadlineInMs === 0 ? {} : { deadlineAtMs: nowMs + rule.deadlineInMs };
      return { ...phase, join: rule.join, ...deadline };
    }),
  }));
}
