/** The code of the documentation is compiled, all in one program, and what is whole is executed. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isProduct, readSourceTree } from '../architecture/source-tree.ts';
import { openSite, runOnce } from '../fixtures/examples.ts';
import { blocksOfMarkdown, blocksOfSource, type CodeBlock } from './code-blocks.ts';
import { WrittenBlocks } from './written-blocks.ts';

const files = readSourceTree(join(import.meta.dirname, '../..'));
const found = [
  ...files.filter(({ path }) => path.endsWith('.md')).map(({ path, text }) => blocksOfMarkdown(path, text)),
  ...files.filter(isProduct).map(({ path, text }) => blocksOfSource(path, text)),
];
const blocks = found.flatMap((each) => each.blocks);
const compiled = blocks.filter(({ kind }) => kind !== 'fragment');

type Module = Parameters<typeof runOnce>[0];

let written: WrittenBlocks;
beforeAll(() => {
  written = new WrittenBlocks(compiled);
});
afterAll(() => written.remove());

const exportsOf = (block: CodeBlock) => import(written.fileOf(block)) as Promise<{ readonly default?: unknown }>;

describe('the code of the documentation', () => {
  it('is found: README, and the examples of the authoring API', () => {
    expect(compiled.filter(({ path }) => path === 'README.md').length).toBeGreaterThanOrEqual(1);
    expect(compiled.filter(({ path }) => path.startsWith('libs/modules/')).length).toBeGreaterThanOrEqual(10);
  });

  it('is whole, or says that it is not', () => {
    expect(found.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('is accepted by the compiler', async () => {
    expect(await written.typeErrors()).toEqual([]);
  });

  it.each(blocks.filter(({ kind }) => kind === 'run').map((block) => [`${block.path}:${block.line}`, block] as const))(
    'runs: %s',
    async (_place, block) => {
      await exportsOf(block);
    },
  );
});

it('the smallest program of the README collects a shop', async () => {
  const program = compiled.find(
    ({ path, text }) => path === 'README.md' && text.includes('export default defineModule'),
  );
  const { base, asked } = await openSite(({ url = '' }, response) => {
    const page = Number(new URL(url, 'http://shop').searchParams.get('page'));
    if (url.startsWith('/list')) response.end([1, 2].map((n) => `<a data-sku="${page}-${n}">`).join(''));
    else response.end(`<b class="price">${url.at(-1)}.50</b>`);
  });
  const { end, items } = await runOnce((await exportsOf(program!)).default as Module, { base, pages: '2' });
  expect(items).toEqual([
    { sku: '1-1', price: 1.5 },
    { sku: '1-2', price: 2.5 },
    { sku: '2-1', price: 1.5 },
    { sku: '2-2', price: 2.5 },
  ]);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  expect(asked).toHaveLength(6);
});
