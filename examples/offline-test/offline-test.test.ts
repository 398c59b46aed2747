/** `module.test()` runs one step on what it is given: typed like the step, without network, engine or database. */
import { expect, it } from 'vitest';
import rain from './offline-test.ts';

const input = { base: 'https://weather.test' };
const state = { month: '2026-05' };
const table = (rows: string) => `<table><tbody>${rows}</tbody><tfoot></tfoot></table>`;

it('begins with the table of May', async () => {
  const { hops } = await rain.test('start', { input });
  expect(hops).toEqual([{ step: 'table', state }]);
});

it('asks for the month of its state: without a body, only the requests are made', async () => {
  const { requests } = await rain.test('table', { input, state });
  expect(requests).toEqual([{ url: 'https://weather.test/rain?month=2026-05' }]);
});

it('reads decimal commas, and leaves out what nobody measured', async () => {
  const body = table('<tr><td>Bergen</td><td> 133,5 </td></tr><tr><td>Oslo</td><td>–</td></tr>');
  const { items, drops } = await rain.test('table', { input, state, body });
  expect(items).toEqual([{ type: 'rain', data: { town: 'Bergen', mm: 133.5 } }]);
  expect(drops).toEqual([{ reason: 'not measured', data: { town: 'Oslo' } }]);
});

it('refuses half a table, and a row that is none: a test sees the error that a run would record', async () => {
  const half = table('<tr><td>Bergen</td><td>133,5</td></tr>').slice(0, 40);
  await expect(rain.test('table', { input, state, body: half })).rejects.toMatchObject({
    code: 'parse.unexpected_page',
  });
  const odd = table('<tr><td>Bergen</td><td>much</td></tr>');
  await expect(rain.test('table', { input, state, body: odd })).rejects.toMatchObject({ code: 'module.wrong_item' });
});
