import { expect, it } from 'vitest';
import { identifierFault, identifierProblem } from './request-check.ts';

it.each(['acme', 'Müller & Söhne', '小红书', 'a b', 'x'.repeat(200), '👍'])(
  '%j may be the name of an account',
  (text) => {
    expect(identifierFault('account', text)).toBeUndefined();
  },
);

it.each([
  ['a\u0000b', 'U+0000'],
  ['a\nb', 'U+000A'],
  ['a\u202eb', 'U+202E'],
  ['a\u2066b', 'U+2066'],
  ['a\u200bb', 'U+200B'],
  ['a\u2028b', 'U+2028'],
  ['a\ud800b', 'U+D800'],
  ['a\u007fb', 'U+007F'],
])('%j may not: it contains %s', (text, code) => {
  expect(identifierProblem(text)).toContain(code);
});

it('an identifier is not too long, has no white space around it, and is not empty unless it may be', () => {
  expect(identifierProblem('x'.repeat(201))).toMatch(/201 characters/);
  expect(identifierProblem(' a')).toMatch(/white space/);
  expect(identifierFault('account', '')).toEqual({ path: 'account', message: 'is empty' });
  expect(identifierFault('idempotency_key', '', { mayBeEmpty: true })).toBeUndefined();
});
