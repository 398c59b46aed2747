import { expect, it } from 'vitest';
import { openDatabase } from '../../sqlite/scratch.fixture.ts';
import { type CallsInFlight, NO_CALLS } from '../../telemetry/calls-in-flight.ts';
import { openSqliteCallNotes, openSqliteCallReader } from './long-calls.ts';

const CALLS: CallsInFlight = { ...NO_CALLS, workers: 2, queued: 3, queuedMs: 2_000 };
const NOW_MS = 1_700_000_000_000;

it('the long calls of a process are read beside it, until it says that there are none', async () => {
  const db = openDatabase();
  const note = openSqliteCallNotes(db);
  const read = openSqliteCallReader(db);
  expect(read(NOW_MS)).toBeUndefined();
  await note({ ...CALLS, queued: 9 }, NOW_MS - 1_000);
  await note(CALLS, NOW_MS);
  expect(read(NOW_MS + 4_000)).toEqual(CALLS);
  await note(undefined, NOW_MS);
  expect(read(NOW_MS)).toBeUndefined();
});

it('a note of a process that has ended is not believed', async () => {
  const db = openDatabase();
  await openSqliteCallNotes(db)(CALLS, NOW_MS);
  expect(openSqliteCallReader(db)(NOW_MS + 6_000)).toBeUndefined();
});

it('a file that no process has opened since it can note them has none', () => {
  expect(openSqliteCallReader(openDatabase())(NOW_MS)).toBeUndefined();
});
