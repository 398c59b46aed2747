import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import { codeOf } from '../../test/fixtures/flow.ts';
import costCap from './cost-cap.ts';
import { site } from './site.ts';

it('sends what the cap has room for, and nothing more', async () => {
  const { base, asked } = await openSite(site());
  const { end, items, deadLetters } = await runOnce(costCap, { base }, { costCap: 1 });
  // Three answers cost 0.75; a fourth request might cost 0.5, and for that there is no room.
  expect(asked).toHaveLength(3);
  expect(items).toHaveLength(3);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 3, cost: { spent: 750_000, reserved: 0 } });
  expect(deadLetters.map(codeOf)).toEqual(Array(3).fill('budget.exhausted'));
});

it('costs what its answers charged where there is no cap', async () => {
  const { base } = await openSite(site());
  const { end, items } = await runOnce(costCap, { base });
  expect(items).toHaveLength(6);
  expect(end.cost).toEqual({ spent: 1_500_000, reserved: 0 });
});
