import { expect, it } from 'vitest';
import type { RunRecord, Store, StoredItem } from '../../store/port.ts';
import { callsOf, closedRecord, inputWith, reportFor, stored } from './status.fixture.ts';
import { verdictOn } from './verdict.ts';

const input = inputWith();
const answered = callsOf(input, () => '首推海澜鞋业。');
const unanswered = callsOf(input, () => ({ fails: 'timeout' }));
const preliminary = stored('report', reportFor(input, answered, [], { isFinal: false }));
const last = stored('report', reportFor(input, unanswered, [], { revision: 2 }));

/** A store that has these reports, the newest last; the earlier ones were replaced. */
function storeOf(reports: readonly StoredItem[]): Pick<Store, 'readItems'> {
  return { readItems: async ({ withReplaced }) => (withReplaced === true ? reports : reports.slice(-1)) };
}

it.each<[string, RunRecord, StoredItem[], string | undefined]>([
  ['with an answer is no failure', closedRecord(), [stored('report', reportFor(input, answered))], undefined],
  [
    'without one is a failure with its reason',
    closedRecord({ finishReason: 'terminated' }),
    [stored('report', reportFor(input, unanswered))],
    'none of 2 calls was answered (timeout 2)',
  ],
  [
    'whose calls all failed after a preliminary report is a failure too, although its status stays completed',
    closedRecord({ finishReason: 'terminated' }),
    [preliminary, last],
    'none of 2 calls was answered (timeout 2)',
  ],
  [
    'that ended with a preliminary report is no failure',
    closedRecord({ finishReason: 'deadline' }),
    [preliminary],
    undefined,
  ],
])('a diagnosis %s', async (_what, record, reports, failure) => {
  expect(await verdictOn(record, storeOf(reports))).toEqual({ failure });
});

it('a run of another module has no verdict here', async () => {
  expect(await verdictOn(closedRecord({}, { modules: ['shop@1.0.0'] }), storeOf([]))).toBeUndefined();
});
