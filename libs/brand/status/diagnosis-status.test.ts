import { describe, expect, it } from 'vitest';
import { PHASES } from '../module/phases.ts';
import { NO_ITEMS } from './diagnosis-items.ts';
import { diagnosisStatus } from './diagnosis-status.ts';
import {
  callsOf,
  closedRecord,
  inputWith,
  phase,
  recordOf,
  reportFor,
  snapshotIn,
  wholeItems,
} from './status.fixture.ts';

const input = inputWith();
const answered = wholeItems(
  input,
  callsOf(input, () => '推荐云步。'),
);
const unanswered = wholeItems(
  input,
  callsOf(input, (_question, model) => ({ fails: model === 'qwen' ? 'timeout' : 'network' })),
);

describe('a run under way', () => {
  it('is initializing until the chain knows it (B1, B2, B6)', () => {
    expect(diagnosisStatus({ record: recordOf({ state: 'accepted' }) })).toEqual({
      stage: 'init',
      status: 'initializing',
      progress: 0,
      failedStage: null,
      lastProgress: null,
      error: null,
      isPartial: null,
      revision: 0,
      isLast: false,
    });
  });

  it.each([
    ['the start is under way', 0, { created: 1 }, 'ai_fetching', 30],
    ['the calls are known', 0, { created: 3, done: 1 }, 'ai_fetching', 35],
    ['half of the calls have ended', 0, { created: 5, done: 3 }, 'ai_fetching', 47],
    ['failed calls have ended as well', 0, { created: 5, done: 3, dead: 1 }, 'ai_fetching', 53],
    ['all calls have ended', 0, { created: 5, done: 5 }, 'ai_fetching', 59],
    ['a call is asked again', 0, { created: 7, done: 5 }, 'ai_fetching', 59],
    ['it is decided what is asked again', PHASES.spend, { created: 1 }, 'ai_fetching', 59],
    ['calls are made that nobody planned', PHASES.again, { created: 4, done: 1 }, 'ai_fetching', 59],
    ['the answers are read', PHASES.rank, { created: 1 }, 'ranking_analysis', 60],
    ['no page has been read', PHASES.trace, { created: 4 }, 'source_tracing', 80],
    ['half of the pages have been read', PHASES.trace, { created: 4, done: 2 }, 'source_tracing', 87],
    ['the report is written', PHASES.report, { created: 1 }, 'source_tracing', 95],
    ['all is over and the end unwritten', PHASES.report + 1, {}, 'source_tracing', 99],
  ] as const)('when %s', (_when, current, nodes, stage, progress) => {
    expect(diagnosisStatus({ record: recordOf(), snapshot: snapshotIn(current, nodes) })).toMatchObject({
      stage,
      status: 'processing',
      progress,
      failedStage: null,
    });
  });

  it('stays in its stage while it is paused, marked, or closing without its end in the store (B7)', () => {
    const nodes = { created: 5, done: 3 };
    for (const changes of [
      { paused: true },
      { mark: 'cancelled' },
      { mark: 'terminated' },
      { state: 'closing', mark: 'cancelled' },
      { state: 'closed' },
    ] as const) {
      const status = diagnosisStatus({ record: recordOf(), snapshot: snapshotIn(0, nodes, changes) });
      expect(status, JSON.stringify(changes)).toMatchObject({ stage: 'ai_fetching', progress: 47 });
    }
  });

  it('is told by its own module, whatever else the task asks for', () => {
    const snapshot = snapshotIn(PHASES.trace, { created: 2 });
    const [own] = snapshot.modules;
    const other = { ...own!, moduleId: 'shop@1.0.0', currentPhase: 0 };
    const status = diagnosisStatus({ record: recordOf(), snapshot: { ...snapshot, modules: [other, own!] } });
    expect(status.stage).toBe('source_tracing');
  });

  it('that the chain has lost shows how far it had come by what it has stored (B10)', () => {
    expect(diagnosisStatus({ record: recordOf() })).toMatchObject({ stage: 'ai_fetching', progress: 30 });
    const items = { ...NO_ITEMS, hasFigures: true };
    expect(diagnosisStatus({ record: recordOf(), items })).toMatchObject({ stage: 'source_tracing', progress: 80 });
  });

  it('of a later version may have more phases, and of an input that nobody understands no plan', () => {
    const snapshot = snapshotIn(0, { created: 10, done: 5 });
    const record = recordOf({ input: { nonsense: true } });
    expect(diagnosisStatus({ record, snapshot })).toMatchObject({ stage: 'ai_fetching', progress: 59 });
    const [module] = snapshot.modules;
    const later = { ...module!, currentPhase: 6, phases: [0, 1, 2, 3, 4, 5, 6].map(() => phase()) };
    expect(diagnosisStatus({ record, snapshot: { ...snapshot, modules: [later] } })).toMatchObject({ progress: 99 });
  });
});

describe('a run with a preliminary report (B22)', () => {
  const preliminary = { ...answered, report: { ...answered.report!, final: false, revision: 1 } };

  it.each([PHASES.ask, PHASES.again, PHASES.rank, PHASES.report])('is completed in phase %i, and goes on', (phase) => {
    const status = diagnosisStatus({
      record: recordOf(),
      snapshot: snapshotIn(phase, { created: 2 }),
      items: preliminary,
    });
    expect(status).toMatchObject({ stage: 'completed', progress: 100, revision: 1, isLast: false, error: null });
  });

  it('is completed without an answer too: the calls may still say something', () => {
    const silent = { ...preliminary, report: { ...preliminary.report, success: false } };
    expect(diagnosisStatus({ record: recordOf(), items: silent })).toMatchObject({ stage: 'completed', isLast: false });
  });

  it('stays completed when the last report has no answer; where there was no report before, it failed', () => {
    const last = { ...unanswered, report: { ...unanswered.report!, revision: 2 } };
    const record = closedRecord({ finishReason: 'terminated' });
    expect(diagnosisStatus({ record, items: { ...last, hadEarlier: true } })).toMatchObject({
      ...{ stage: 'completed', progress: 100, error: null, revision: 2, isLast: true },
    });
    expect(diagnosisStatus({ record, items: last })).toMatchObject({ stage: 'failed', progress: 0 });
  });

  it('that ended before its last report keeps the preliminary one, which is the last to come', () => {
    const record = closedRecord({ finishReason: 'deadline' });
    expect(diagnosisStatus({ record, items: preliminary })).toMatchObject({
      stage: 'completed',
      revision: 1,
      isLast: true,
    });
  });
});

describe('a closed run', () => {
  it.each(['completed', 'deadline', 'cancelled', 'terminated'] as const)(
    'is completed with a report that has an answer, also when its end says %s (B4)',
    (finishReason) => {
      const status = diagnosisStatus({ record: closedRecord({ finishReason }), items: answered });
      expect(status).toMatchObject({ stage: 'completed', status: 'completed', progress: 100, error: null });
    },
  );

  it('failed when all its calls failed, although it went its whole way (X6, X1, B5)', () => {
    const status = diagnosisStatus({ record: closedRecord(), items: unanswered });
    expect(status).toEqual({
      stage: 'failed',
      status: 'failed',
      progress: 0,
      failedStage: 'ai_fetching',
      lastProgress: 59,
      error: 'none of 2 calls was answered (timeout 1, network 1)',
      isPartial: true,
      revision: 1,
      isLast: true,
    });
  });

  it.each([
    ['rejected', 'no module shop@1', 'no module shop@1'],
    ['cancelled', 'cancelled', 'the run was cancelled before its report was there'],
    ['terminated', 'task_rate', 'the run was ended because too much of it failed: task_rate'],
    ['deadline', '', 'the time of the run was over before its report was there'],
    ['completed', '', 'the run ended without a report'],
    ['rejected', '', 'the task was rejected'],
  ] as const)('failed without a report, %s, and says why (B9)', (finishReason, detail, error) => {
    const record = closedRecord({ finishReason, detail, done: 0 });
    expect(diagnosisStatus({ record })).toMatchObject({ stage: 'failed', status: 'failed', progress: 0, error });
  });

  it.each([
    ['was rejected', { finishReason: 'rejected', done: 0 }, NO_ITEMS, 'init', 0],
    ['never began', { finishReason: 'cancelled', done: 0 }, NO_ITEMS, 'init', 0],
    ['had no answer yet', { finishReason: 'cancelled', done: 2 }, NO_ITEMS, 'ai_fetching', 30],
    ['had half of its calls', { finishReason: 'cancelled' }, half(), 'ai_fetching', 44],
    ['had all calls, none answered', {}, { ...unanswered, hasFigures: false, report: undefined }, 'ai_fetching', 59],
    ['wrote a report, which alone was read', {}, { ...NO_ITEMS, report: unanswered.report }, 'ai_fetching', 59],
    ['counted what nobody answered', {}, { ...unanswered, report: undefined }, 'ai_fetching', 59],
    ['did not read its answers', {}, { ...answered, hasFigures: false, report: undefined }, 'ranking_analysis', 60],
    ['read them and wrote no report', {}, { ...answered, report: undefined }, 'source_tracing', 80],
  ] as const)(
    'that %s says which stage failed it and how far that had come (B6)',
    (_what, end, items, stage, progress) => {
      const status = diagnosisStatus({ record: closedRecord(end), items });
      expect(status).toMatchObject({ stage: 'failed', progress: 0, failedStage: stage, lastProgress: progress });
    },
  );

  it('is final: neither a replay nor the removal of its nodes changes it (B3, B10)', () => {
    const record = closedRecord();
    for (const snapshot of [undefined, snapshotIn(0, { created: 5 }, { openings: 2 }), snapshotIn(PHASES.report + 1)]) {
      expect(diagnosisStatus({ record, snapshot, items: answered }).stage).toBe('completed');
      expect(diagnosisStatus({ record, snapshot, items: unanswered }).stage).toBe('failed');
    }
  });

  it('counts kinds of errors, the most frequent first', () => {
    const wide = inputWith({ models: ['a', 'b', 'c'] });
    const calls = callsOf(wide, (_question, model) => ({ fails: model === 'a' ? 'quota' : 'timeout' }));
    const items = { ...NO_ITEMS, calls, hasFigures: true, report: reportFor(wide, calls) };
    expect(diagnosisStatus({ record: closedRecord(), items }).error).toBe(
      'none of 3 calls was answered (timeout 2, quota 1)',
    );
  });
});

function half() {
  return { ...NO_ITEMS, calls: answered.calls.slice(0, 1) };
}
