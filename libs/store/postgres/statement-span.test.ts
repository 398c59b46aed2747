import { expect, it } from 'vitest';
import { addressOf, statementSpan } from './statement-span.ts';

const address = addressOf('postgres://user:secret@db.test/catena');

it.each([
  ['SELECT * FROM items WHERE run = $1', 'SELECT items'],
  ['\n  INSERT INTO "run_items" (a) SELECT unnest($1::text[])', 'INSERT run_items'],
  ['WITH gone AS (DELETE FROM items RETURNING 1) SELECT count(*) FROM gone', 'DELETE items'],
  ['UPDATE runs SET state = $1', 'UPDATE runs'],
  ['SELECT 1', 'SELECT'],
])('names %j by what is done with which table', (text, name) => {
  expect(statementSpan({ text }, address).name).toBe(name);
});

it('has no user, no password and no value', () => {
  const { fields } = statementSpan({ name: 'insert', text: "INSERT INTO items VALUES ('a value')" }, address);
  expect(JSON.stringify(fields)).not.toMatch(/secret|user|a value/);
  expect(fields).toMatchObject({ 'db.namespace': 'catena', 'server.address': 'db.test', 'server.port': 5_432 });
});
