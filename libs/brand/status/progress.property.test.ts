/** Histories of runs as the chain may make them, looked at after every step: the status only ever goes forward. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RunSnapshot } from '../../coordination/protocol/reads.ts';
import type { RunEnd } from '../../store/port.ts';
import { PHASES } from '../module/phases.ts';
import { type DiagnosisItems, NO_ITEMS, plannedCount } from './diagnosis-items.ts';
import { type DiagnosisStatus, diagnosisStatus } from './diagnosis-status.ts';
import { isFinal, mayFollow, PROGRESS, STAGES, type Stage, statusOf } from './stages.ts';
import { callsOf, closedRecord, inputWith, MODULE_ID, recordOf, wholeItems } from './status.fixture.ts';

const STEPS = ['create', 'finish', 'go on', 'fail', 'give up', 'next phase', 'cancel', 'close'] as const;
type Step = (typeof STEPS)[number];

const REASONS = ['completed', 'cancelled', 'terminated', 'deadline', 'rejected'] as const;

interface History {
  readonly questions: number;
  readonly models: number;
  readonly steps: readonly Step[];
  readonly reason: RunEnd['finishReason'];
  readonly items: 'none' | 'answered' | 'unanswered';
}

const histories: fc.Arbitrary<History> = fc.record({
  questions: fc.integer({ min: 1, max: 4 }),
  models: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(fc.constantFrom(...STEPS), { maxLength: 80 }),
  reason: fc.constantFrom(...REASONS),
  items: fc.constantFrom('none', 'answered', 'unanswered'),
});

/** Every status that somebody who looks after each step is shown. */
function shown({ questions, models, steps, reason, items }: History): DiagnosisStatus[] {
  const input = inputWith({
    questions: Array.from({ length: questions }, (_, index) => `问题 ${index}`),
    models: Array.from({ length: models }, (_, index) => `m${index}`),
  });
  const planned = plannedCount(input);
  const seen = [diagnosisStatus({ record: recordOf({ state: 'accepted', input }) })];
  const phases = Object.values(PHASES).map(() => ({ created: 0, done: 0, dead: 0, open: 0, closed: '' as const }));
  let current = 0;
  let mark: RunSnapshot['mark'] = '';
  /** Hops that the start has still to make. */
  let staged = planned;
  phases[0]!.created = 1;
  const snapshot = (): RunSnapshot => ({
    ...{
      runId: 'run-1',
      state: current > PHASES.report ? 'closing' : 'open',
      mark,
      reason: '',
      paused: false,
      openings: 1,
    },
    modules: [
      {
        ...{
          moduleId: MODULE_ID,
          state: 'open',
          reason: '',
          currentPhase: current,
          front: current,
          revision: 1,
          executions: 0,
          errors: 0,
        },
        phases: phases.map((phase) => ({ ...phase, open: phase.created - phase.done - phase.dead })),
      },
    ],
  });
  for (const step of steps) {
    const phase = phases[current];
    if (phase === undefined && step !== 'close') continue;
    const open = phase === undefined ? 0 : phase.created - phase.done - phase.dead;
    // Children of the start come in batches, before it is done; every other node that makes one ends with it.
    if (step === 'create' && current === 0 && staged > 0) {
      phase!.created += 1;
      staged -= 1;
    } else if (step === 'finish' && open > (staged > 0 && current === 0 ? 1 : 0)) phase!.done += 1;
    else if (step === 'go on' && open > 1 && current % 2 === 0) {
      phase!.done += 1;
      phase!.created += 1;
    } else if (step === 'fail' && open > 1) phase!.dead += 1;
    else if (step === 'give up' && open > 1 && current === 0) {
      phase!.dead += 1;
      phase!.created += 1;
    } else if (step === 'next phase') {
      current += 1;
      const next = phases[current];
      if (next !== undefined) next.created = current === PHASES.trace || current === PHASES.again ? 3 : 1;
    } else if (step === 'cancel') mark = 'cancelled';
    else if (step === 'close') break;
    seen.push(diagnosisStatus({ record: recordOf({ input }), snapshot: snapshot() }));
  }
  const calls = callsOf(input, () => (items === 'answered' ? '推荐云步。' : { fails: 'timeout' }));
  const left: DiagnosisItems = items === 'none' ? NO_ITEMS : wholeItems(input, calls);
  const record = closedRecord({ finishReason: reason }, { input });
  // The nodes are still there, and then removed.
  seen.push(diagnosisStatus({ record, snapshot: snapshot(), items: left }));
  seen.push(diagnosisStatus({ record, items: left }));
  return seen;
}

/** Whether one stage is reached from another along the edges; somebody who looks rarely misses those in between. */
function reaches(from: Stage, to: Stage): boolean {
  return from === to || STAGES.some((next) => mayFollow(from, next) && reaches(next, to));
}

it('progress never goes back, but to 0 when the run fails, and stages follow their edges (B3, B6)', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const seen = shown(history);
      seen.slice(1).forEach((next, index) => {
        const before = seen[index]!;
        expect(reaches(before.stage, next.stage)).toBe(true);
        if (next.stage === 'failed') expect(next.progress).toBe(0);
        else expect(next.progress).toBeGreaterThanOrEqual(before.progress);
      });
    }),
    { numRuns: 500 },
  );
});

it('does not fall while calls are asked again, in a run of 600 calls (R15)', () => {
  const input = inputWith({
    questions: Array.from({ length: 100 }, (_, index) => `问题 ${index}`),
    models: [...'abcdef'],
  });
  const planned = plannedCount(input);
  const progress = (created: number, done: number): number => {
    const phases = [{ created, done, dead: 0, open: created - done, closed: '' as const }];
    const module = {
      moduleId: MODULE_ID,
      state: 'open',
      reason: '',
      currentPhase: 0,
      front: 0,
      revision: 1,
      phases,
      executions: 0,
      errors: 0,
    } as const;
    const state = { runId: 'run-1', state: 'open', mark: '', reason: '', paused: false, openings: 1 } as const;
    return diagnosisStatus({ record: recordOf({ input }), snapshot: { ...state, modules: [module] } }).progress;
  };
  expect(planned).toBe(600);
  // All but 20 nodes have ended; then 30 calls end and are asked again, hop by hop and request by request.
  let [created, done] = [1 + 2 * planned, 1 + 2 * planned - 20];
  let before = progress(created, done);
  expect(before).toBe(58);
  for (let step = 0; step < 60; step += 1) {
    created += 1;
    done += step % 2;
    expect(progress(created, done)).toBeGreaterThanOrEqual(before);
    before = progress(created, done);
  }
});

it('every status agrees with its stage, and the last one is final and told the same for ever (B2, B4–B6, B10)', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const seen = shown(history);
      for (const { stage, status, progress, failedStage, lastProgress, error } of seen) {
        expect(status).toBe(statusOf(stage));
        expect(Number.isInteger(progress)).toBe(true);
        expect(progress).toBeGreaterThanOrEqual(PROGRESS[stage].from);
        expect(progress).toBeLessThanOrEqual(PROGRESS[stage].to);
        expect([failedStage, lastProgress, error].map((value) => value !== null)).toEqual(
          Array(3).fill(stage === 'failed'),
        );
      }
      const [last, removed] = [seen.at(-2)!, seen.at(-1)!];
      expect(isFinal(last.stage)).toBe(true);
      expect(last.stage).toBe(history.items === 'answered' ? 'completed' : 'failed');
      expect(removed).toEqual(last);
    }),
    { numRuns: 200 },
  );
});
