import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import shop from './shop.ts';
import { site } from './site.ts';

it('collects every product of the lists, each page once', async () => {
  const { base, asked } = await openSite(site());
  const { end, items } = await runOnce(shop, { base });
  expect(items).toHaveLength(4);
  expect(items).toContainEqual({ sku: 'paper', price: 3.25 });
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  expect(asked).toHaveLength(7);
});

it('is the program that the README shows', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${readFileSync(join(import.meta.dirname, 'shop.ts'), 'utf8')}\`\`\``);
});
