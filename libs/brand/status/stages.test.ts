import { describe, expect, it } from 'vitest';
import { isFinal, isStage, isStatus, mayFollow, PROGRESS, STAGES, STATUSES, statusOf } from './stages.ts';

describe('stages', () => {
  it('are exactly six, and strings (B1, B8)', () => {
    expect(STAGES).toEqual(['init', 'ai_fetching', 'ranking_analysis', 'source_tracing', 'completed', 'failed']);
    for (const odd of ['Stage.INIT', 'INIT', '', 'toString', null, 3, {}]) expect(isStage(odd)).toBe(false);
    expect(STAGES.every(isStage)).toBe(true);
  });

  it('tell the status by themselves; completed and failed are equal in both (B2, B4, B5)', () => {
    expect(STAGES.map(statusOf)).toEqual([
      'initializing',
      'processing',
      'processing',
      'processing',
      'completed',
      'failed',
    ]);
    expect(STATUSES.every(isStatus)).toBe(true);
    for (const stage of STAGES) {
      expect(statusOf(stage) === 'completed').toBe(stage === 'completed');
      expect(statusOf(stage) === 'failed').toBe(stage === 'failed');
    }
  });

  it('follow each other along the edges alone, and the last two are final (B3)', () => {
    const edges = STAGES.flatMap((from) => STAGES.filter((to) => mayFollow(from, to)).map((to) => `${from} → ${to}`));
    expect(edges).toEqual([
      'init → ai_fetching',
      'init → failed',
      'ai_fetching → ranking_analysis',
      'ai_fetching → failed',
      'ranking_analysis → source_tracing',
      'ranking_analysis → failed',
      'source_tracing → completed',
      'source_tracing → failed',
    ]);
    expect(STAGES.filter(isFinal)).toEqual(['completed', 'failed']);
  });

  it('begin with the progress that front ends know, and their steps never touch the next stage (B6)', () => {
    expect(STAGES.map((stage) => PROGRESS[stage].from)).toEqual([0, 30, 60, 80, 100, 0]);
    const forward = STAGES.filter((stage) => stage !== 'failed').map((stage) => PROGRESS[stage]);
    forward.forEach(({ from, to }, index) => {
      expect(to).toBeGreaterThanOrEqual(from);
      expect(to).toBeLessThan(forward[index + 1]?.from ?? 101);
    });
  });
});
