import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import { codeOf } from '../../test/fixtures/flow.ts';
import retry from './retry.ts';
import { site } from './site.ts';

it('asks until the report is ready, and keeps the one that never is as a dead letter', async () => {
  const { base, asked } = await openSite(site());
  const { end, items, deadLetters } = await runOnce(retry, { base });
  expect(items).toEqual([{ id: 'small', rows: 12 }]);
  expect(asked.filter((each) => each.endsWith('small'))).toHaveLength(3);
  expect(asked.filter((each) => each.endsWith('stuck'))).toHaveLength(4);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 1 });
  expect(deadLetters.map(codeOf)).toEqual(['parse.retry']);
  expect(deadLetters).toMatchObject([{ reason: 'failed', attempts: 4 }]);
  expect(deadLetters[0]?.error).toContain('it is still being made');
});
