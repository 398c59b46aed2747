import { join } from 'node:path';
import { expect, it } from 'vitest';
import { authorFrame } from './author-frame.ts';

function withStack(...lines: string[]): Error {
  return Object.assign(new Error('x'), { stack: ['Error: x', ...lines].join('\n') });
}

it.each([
  ['    at parse (file:///home/me/shop.ts:12:5)', '/home/me/shop.ts:12:5'],
  ['    at Object.parse (/home/me/shop.ts:12:5)', '/home/me/shop.ts:12:5'],
  ['    at async /home/me/a b/shop.ts:12:5', '/home/me/a b/shop.ts:12:5'],
  ['    at file:///home/me/a%20b/shop.ts?v=2:12:5', '/home/me/a b/shop.ts:12:5'],
  ['    at parse (/home/me/odd (1)/shop.ts:12:5)', '/home/me/odd (1)/shop.ts:12:5'],
])('reads the line "%s"', (line, place) => {
  expect(authorFrame(withStack(line))).toBe(place);
});

it('passes over what is not the work of the author', () => {
  const error = withStack(
    '    at JSON.parse (<anonymous>)',
    '    at node:internal/process/task_queues:95:5',
    '    at parse (/home/me/node_modules/zod/index.js:1:1)',
    `    at checkWith (${join(import.meta.dirname, '../check/schema-check.ts')}:1:1)`,
    '    at parse (/home/me/shop.ts:3:9)',
    '    at main (/home/me/main.ts:1:1)',
  );
  expect(authorFrame(error)).toBe('/home/me/shop.ts:3:9');
});

it('reads where a syntax error is', () => {
  const error = Object.assign(new SyntaxError('Unexpected token'), {
    stack: 'file:///home/me/shop.js:4\nlet = ;\n    ^\n\nSyntaxError: Unexpected token',
  });
  expect(authorFrame(error)).toBe('/home/me/shop.js:4');
});

it.each([['text'], [undefined], [{ stack: '    at x (/home/me/shop.ts:1:1)' }], [withStack()]])(
  'finds nothing in %o',
  (thrown) => {
    expect(authorFrame(thrown)).toBeUndefined();
  },
);
