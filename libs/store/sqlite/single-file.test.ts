import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { defaultPolicy } from '../../coordination/protocol/policy.ts';
import { SqliteDatabase } from '../../sqlite/database.ts';
import { scratchFolder } from '../../sqlite/scratch.fixture.ts';
import { openSingleFile, type SingleFile } from './single-file.ts';

function open(path = ':memory:'): SingleFile {
  const file = openSingleFile({ path, clock: new ManualClock(), policy: defaultPolicy });
  onTestFinished(() => file.close());
  return file;
}

it('a file whose tables cannot be used is let go of', () => {
  const path = join(scratchFolder(), 'a.db');
  const file = open(path);
  file.close();
  const db = new SqliteDatabase({ path });
  db.exec(`UPDATE schema_versions SET version = 99 WHERE component = 'store'`);
  db.close();
  for (let times = 0; times < 2; times++) {
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'store.too_new' }));
  }
});
