/** The collector and the compiler can fail: each is shown made-up documents. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { blocksOfMarkdown, blocksOfSource, type CodeBlock } from './code-blocks.ts';
import { WrittenBlocks } from './written-blocks.ts';

const FENCE = '```';

function markdown(...lines: string[]) {
  return blocksOfMarkdown('docs/a.md', lines.join('\n'));
}

describe('the code of Markdown', () => {
  it('is found with its place, whatever else stands there', () => {
    const { blocks, problems } = markdown(
      ...['# A', `${FENCE}sh`, 'npm ci', FENCE],
      ...[`${FENCE}ts`, 'const a = 1;', '', 'const b = 2;', FENCE],
      ...[`1. ${'in a list'}`, `   ${FENCE}typescript compiled`, '   const c = 3;', `   ${FENCE}`],
      ...[`${FENCE}ts fragment`, '…', FENCE],
    );
    expect(problems).toEqual([]);
    expect(blocks).toEqual([
      { path: 'docs/a.md', line: 6, kind: 'run', text: 'const a = 1;\n\nconst b = 2;\n' },
      { path: 'docs/a.md', line: 12, kind: 'compiled', text: 'const c = 3;\n' },
      { path: 'docs/a.md', line: 15, kind: 'fragment', text: '…\n' },
    ]);
  });

  it('is no code where a block of Markdown only shows it', () => {
    expect(markdown(`${FENCE}\`md`, `${FENCE}ts`, 'const a: 1 = 2;', FENCE, `${FENCE}\``).blocks).toEqual([]);
  });

  it('is refused with a word that nobody knows, or without an end', () => {
    expect(markdown(`${FENCE}ts fragmen`, 'a', FENCE).problems).toEqual([
      'docs/a.md:1 says "fragmen" of its code: there are compiled and fragment',
    ]);
    expect(markdown('', `${FENCE}ts`, 'a').problems).toEqual(['docs/a.md:2 opens a block that is never closed']);
  });
});

describe('the code of TSDoc', () => {
  const source = (...lines: string[]) => blocksOfSource('libs/a/a.ts', lines.join('\n'));

  it('is found with its place, without its stars', () => {
    const { blocks, problems } = source(
      ...["const glob = 'libs/**/*.ts';", '/**', ' * A thing.', ' * @example', ` * ${FENCE}ts`, ' * const a = {'],
      ...[' *   b: 2,', ' * };', ` * ${FENCE}`, ' */', 'export const thing = 1;'],
    );
    expect(problems).toEqual([]);
    expect(blocks).toEqual([{ path: 'libs/a/a.ts', line: 6, kind: 'run', text: 'const a = {\n  b: 2,\n};\n' }]);
  });

  it('is missed where an example has none', () => {
    const lines = [
      '/**',
      ' * @example',
      ' * thing()',
      ' * @example',
      ` * ${FENCE}ts`,
      ' * thing();',
      ` * ${FENCE}`,
      ' */',
    ];
    expect(source(...lines).problems).toEqual(['libs/a/a.ts:2 is an @example without code']);
  });
});

describe('the compiler', () => {
  const block = (line: number, text: string): CodeBlock => ({ path: 'docs/a.md', line, kind: 'compiled', text });

  it('names what is wrong by document, line and column, and finds `catena`, packages and neighbours', async () => {
    const written = new WrittenBlocks([
      block(3, "import { defineModule } from 'catena';\nimport { z } from 'zod';\nvoid [defineModule, z];\n"),
      block(8, "import type { CodeBlock } from '../test/docs/code-blocks.ts';\nexport type A = CodeBlock['path'];\n"),
      block(20, "const same: string = 'a';\n"),
      block(30, 'const same = 1;\n\nconst b: string = same;\n'),
    ]);
    onTestFinished(() => written.remove());
    expect(await written.typeErrors()).toEqual([
      "docs/a.md:32:7 error TS2322: Type 'number' is not assignable to type 'string'.",
    ]);
  });
});
