// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sources that are looked at hold templates.
import { describe, expect, it } from 'vitest';
import { hasDefaultExport, importsOf } from './imports.ts';
import { tokensOf } from './tokens.ts';

const specifiers = (source: string) => importsOf(source).map(({ specifier }) => specifier);

describe('imports are found', () => {
  it.each([
    [`import { a } from './a.ts';`, ['./a.ts']],
    [`import a, { type b as c } from "./a.ts"`, ['./a.ts']],
    [`import * as all\n  from './a.ts'`, ['./a.ts']],
    [`import './side-effect.ts';`, ['./side-effect.ts']],
    [`export * from './a.ts'; export * as b from './b.ts'; export { c } from './c.ts'`, ['./a.ts', './b.ts', './c.ts']],
    [`const a = await import('./a.ts');`, ['./a.ts']],
    ['const a = import(`./a.ts`);', ['./a.ts']],
    [`type A = import('./a.ts').A<import('./b.ts').B>;`, ['./a.ts', './b.ts']],
    [`const a = await import(name); const b = import(\`./\${x}.ts\`);`, [undefined, undefined]],
    [`import data from './d.json' with { type: 'json' };`, ['./d.json']],
    [`import/* x */{ a }/* y */from/* z */'./a.ts'`, ['./a.ts']],
    ['`${await import("./inside.ts")} import "./text.ts"`', ['./inside.ts']],
    ['`${{ a: `${"}"}` }}`; import "./after.ts"', ['./after.ts']],
    [`const r = /['"\`]/; import './after-regex.ts';`, ['./after-regex.ts']],
    [`const d = a / b; import './after-division.ts'; c / d`, ['./after-division.ts']],
    [`const r = /[/'"]+/g.test(x) ? /\\// : 1;\nimport './next.ts';`, ['./next.ts']],
  ])('in %j', (source, found) => {
    expect(specifiers(source)).toEqual(found);
  });

  it('with their line, and whether they are gone at run time', () => {
    const source = `\n\nimport type { A } from './a.ts';\nimport { type B } from './b.ts';\nexport type { C } from './c.ts';`;
    expect(importsOf(source)).toEqual([
      { specifier: './a.ts', typeOnly: true, isLate: false, line: 3 },
      { specifier: './b.ts', typeOnly: false, isLate: false, line: 4 },
      { specifier: './c.ts', typeOnly: true, isLate: false, line: 5 },
    ]);
  });
});

describe('what only looks like an import is not one', () => {
  it.each([
    `// import './a.ts'`,
    `/* import './a.ts' */`,
    `const a = "import './a.ts'";`,
    'const a = `import "./a.ts"`;',
    `const folder = import.meta.dirname;`,
    `module.import('./a.ts');`,
    `const keys = { import: 'a', export: 'b', from: 'c' };`,
    `export const a = from('x');`,
    `export function from() {} const s = 'x';`,
    `const r = /import '.\\/a.ts'/;`,
  ])('%s', (source) => {
    expect(specifiers(source)).toEqual([]);
  });
});

describe('strings', () => {
  it('are taken apart from comments, regular expressions and code', () => {
    const source = '// "no"\nconst a = \'one\\\'s\'; const b = `two ${three("four")} five`; const r = /"six"/;';
    const strings = tokensOf(source).filter(({ kind }) => kind === 'string');
    expect(strings.map(({ text }) => text)).toEqual(["one\\'s", 'two ', 'four', ' five']);
  });

  it('that are never closed end with their line, and everything else with the file', () => {
    expect(tokensOf(`'open\nnext`).map(({ text }) => text)).toEqual(['open', 'next']);
    expect(tokensOf('`open ${ {').map(({ text }) => text)).toEqual(['open ', '{']);
    expect(tokensOf('/* open').map(({ text }) => text)).toEqual([]);
  });
});

describe('a default export', () => {
  it.each([
    ['export default 1;', true],
    ['const a = 1; export { a as default };', true],
    ['export const a = { default: 1 };', false],
    ['import { default as a } from "x";', false],
    ['// export default', false],
  ])('in %j: %s', (source, found) => {
    expect(hasDefaultExport(tokensOf(source))).toBe(found);
  });
});
