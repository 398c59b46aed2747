import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { SqliteDatabase } from '../../sqlite/database.ts';
import { openDatabase, scratchFolder } from '../../sqlite/scratch.fixture.ts';
import type { Breakers } from '../breakers.ts';
import { openSqliteBreakers } from './breakers.ts';

const POLICY = { failures: 1, openMs: 30_000 };

async function trip(breakers: Breakers, key: string): Promise<void> {
  const grant = await breakers.acquire(key, POLICY);
  await breakers.report(key, grant.granted ? grant.token : '', 'failure');
}

it('B27: an open breaker is open after a restart', async () => {
  const path = join(scratchFolder(), 'engine.db');
  const clock = new ManualClock();
  const first = new SqliteDatabase({ path });
  await trip(openSqliteBreakers({ db: first, clock }), 'model:Acme');
  first.close();
  const breakers = openSqliteBreakers({ db: openDatabase({ path }), clock });
  expect(await breakers.acquire('model:Acme', POLICY)).toMatchObject({ granted: false, waitMs: 30_000 });
  expect(await breakers.list()).toMatchObject([{ key: 'model:Acme', state: 'open' }]);
});

it('a healthy key is read and never written', async () => {
  const db = openDatabase();
  const breakers = openSqliteBreakers({ db, clock: new ManualClock() });
  for (let time = 0; time < 3; time++) {
    const grant = await breakers.acquire('a', POLICY);
    await breakers.report('a', grant.granted ? grant.token : '', 'success');
  }
  expect(db.prepare('SELECT count(*) AS rows FROM breakers').get()).toEqual({ rows: 0 });
});

it('forgets keys that nothing happened to for a week, at the next start', async () => {
  const db = openDatabase();
  const clock = new ManualClock();
  const breakers = openSqliteBreakers({ db, clock });
  await trip(breakers, 'old');
  clock.advance(6 * 86_400_000);
  await trip(breakers, 'new');
  clock.advance(86_400_001);
  openSqliteBreakers({ db, clock });
  expect((await breakers.list()).map(({ key }) => key)).toEqual(['new']);
});
