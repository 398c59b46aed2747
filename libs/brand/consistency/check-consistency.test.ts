import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROGRESS, STAGES, STATUSES, statusOf } from '../status/stages.ts';
import { checkConsistency, levelOf, repair } from './check-consistency.ts';

const failure = { failed_stage: null, last_progress: null, error: null };
const running = { stage: 'ai_fetching', status: 'processing', progress: 42, is_completed: false, ...failure };
const completed = { stage: 'completed', status: 'completed', progress: 100, is_completed: true, ...failure };
const failed = {
  ...{ stage: 'failed', status: 'failed', progress: 0, is_completed: true },
  ...{ failed_stage: 'ai_fetching', last_progress: 44, error: 'none of 4 calls was answered' },
};

function fieldsOf(body: unknown): string[] {
  return checkConsistency(body).issues.map(({ rule, field }) => `${rule} ${field}`);
}

describe('a status answer (B44)', () => {
  it('that agrees with itself has no issue, and is handed back as it is', () => {
    for (const body of [running, completed, failed]) {
      const check = checkConsistency(body);
      expect(check).toEqual({ level: 'CONSISTENT', issues: [], repairs: {} });
      expect(repair(body, check)).toBe(body);
    }
  });

  it('is one of four pairs of stage and status and no other; the status follows the stage (B2, B4, B5)', () => {
    for (const stage of STAGES) {
      for (const status of STATUSES) {
        const body = {
          stage,
          status,
          progress: PROGRESS[stage].from,
          is_completed: ['completed', 'failed'].includes(stage),
        };
        const check = checkConsistency(body);
        expect(check.issues.length).toBe(status === statusOf(stage) ? 0 : 1);
        expect(repair(body, check)).toMatchObject({ stage, status: statusOf(stage) });
      }
    }
  });

  it('that says completed of a failed run is repaired to failed, never the other way (X1)', () => {
    const body = { ...failed, status: 'completed', progress: 100 };
    const check = checkConsistency(body);
    expect(check).toMatchObject({ level: 'MAJOR_ISSUE', repairs: { status: 'failed', progress: 0 } });
    expect(repair(body, check)).toEqual(failed);
  });

  it('has the progress of its stage; where there is one right value it is repaired (B6)', () => {
    expect(checkConsistency({ ...completed, progress: 99 }).repairs).toEqual({ progress: 100 });
    expect(checkConsistency({ ...failed, progress: 44 }).repairs).toEqual({ progress: 0 });
    expect(checkConsistency({ ...running, stage: 'init', status: 'initializing', progress: 30 }).repairs).toEqual({
      progress: 0,
    });
    for (const progress of [29, 60, 42.5, Number.NaN, '42', null, undefined, -1, 1e9]) {
      const check = checkConsistency({ ...running, progress });
      expect(check, String(progress)).toMatchObject({ level: 'MINOR_ISSUE', repairs: {} });
      expect(check.issues[0]).toMatchObject({ rule: 'progress_against_stage', expected: '30 to 59', repaired: false });
    }
  });

  it('has ended exactly when its stage is final', () => {
    expect(checkConsistency({ ...running, is_completed: true }).repairs).toEqual({ is_completed: false });
    expect(checkConsistency({ ...failed, is_completed: false }).repairs).toEqual({ is_completed: true });
    expect(checkConsistency({ ...completed, is_completed: 'true' }).repairs).toEqual({ is_completed: true });
  });

  it('says where it failed when it failed, and not otherwise', () => {
    expect(checkConsistency({ ...completed, failed_stage: 'init', error: 'x' }).repairs).toEqual({
      failed_stage: null,
      error: null,
    });
    expect(fieldsOf({ ...failed, failed_stage: null })).toEqual(['failure_against_stage failed_stage']);
    expect(fieldsOf({ ...failed, failed_stage: 'completed' })).toEqual(['failure_against_stage failed_stage']);
    expect(fieldsOf({ ...failed, last_progress: 80 })).toEqual(['failure_against_stage last_progress']);
    expect(checkConsistency({ ...failed, failed_stage: 'init' }).repairs).toEqual({ last_progress: 0 });
    const { failed_stage: _stage, last_progress: _progress, error: _error, ...short } = failed;
    expect(fieldsOf(short)).toEqual([]);
  });

  it('with an unknown stage is not repaired: nobody knows what is true', () => {
    for (const stage of ['Stage.COMPLETED', 'COMPLETED', '', null, 7, { name: 'completed' }]) {
      const check = checkConsistency({ ...completed, stage });
      expect(check).toMatchObject({ level: 'MINOR_ISSUE', repairs: {} });
      expect(check.issues[0]?.rule).toBe('unknown_stage');
    }
  });

  it('is graded by the number of its issues', () => {
    expect([0, 1, 2, 3, 4, 9].map(levelOf)).toEqual([
      'CONSISTENT',
      'MINOR_ISSUE',
      'MAJOR_ISSUE',
      'CRITICAL',
      'CRITICAL',
      'CRITICAL',
    ]);
    expect(checkConsistency({ ...running, status: 'completed', is_completed: true, progress: 100 }).level).toBe(
      'CRITICAL',
    );
  });

  it('may be anything at all: it never throws, and is critical', () => {
    for (const body of [undefined, null, 'x', 3, [], {}, new Map(), Object.create(null)]) {
      expect(fieldsOf(body)).toEqual([
        'unknown_stage stage',
        'unknown_status status',
        'completion_against_stage is_completed',
        'progress_against_stage progress',
      ]);
    }
    fc.assert(fc.property(fc.anything(), (body) => void checkConsistency(body)));
    expect(checkConsistency({ stage: 'x'.repeat(10_000) }).issues[0]?.found).toHaveLength(60);
  });

  it('that was repaired has none of the issues that were', () => {
    const values = fc.constantFrom<unknown>(...STAGES, ...STATUSES, 0, 30, 100, true, false, null, 'odd');
    const keys = ['stage', 'status', 'progress', 'is_completed', 'failed_stage', 'last_progress', 'error'];
    const bodies = fc.record(Object.fromEntries(keys.map((key) => [key, values])));
    fc.assert(
      fc.property(bodies, (body) => {
        const check = checkConsistency(body);
        const left = checkConsistency(repair(body, check)).issues;
        expect(left).toEqual(check.issues.filter(({ repaired }) => !repaired));
      }),
    );
  });
});
