import { expect, it } from 'vitest';
import { compose, type Policy } from './policy.ts';

/** Notes when it is passed, and what it changes. */
const noting =
  (log: string[], name: string): Policy<string, string> =>
  async (context, next) => {
    log.push(`${name} before ${context}`);
    try {
      return `${name}(${await next(`${context}${name}`)})`;
    } finally {
      log.push(`${name} after`);
    }
  };

it('a list is passed from its first policy inwards, and back', async () => {
  const log: string[] = [];
  const perform = compose([noting(log, 'a'), noting(log, 'b')], async (context) => `sent ${context}`);
  expect(await perform('_')).toBe('a(b(sent _ab))');
  expect(log).toEqual(['a before _', 'b before _a', 'b after', 'a after']);
});

it('a policy may answer in the place of the rest', async () => {
  const log: string[] = [];
  const answers: Policy<string, string> = async () => 'answered';
  const perform = compose([noting(log, 'a'), answers, noting(log, 'b')], () => Promise.reject(new Error('sent')));
  expect(await perform('_')).toBe('a(answered)');
  expect(log).not.toContain('b after');
});

it.each(['before', 'after'])('what a policy throws %s the rest goes out through those around it', async (when) => {
  const log: string[] = [];
  const fails: Policy<string, string> = async (context, next) => {
    if (when === 'after') await next(context);
    throw new Error('no');
  };
  const perform = compose([noting(log, 'a'), fails, noting(log, 'b')], async () => 'sent');
  await expect(perform('_')).rejects.toThrow('no');
  expect(log.filter((line) => line.endsWith('after'))).toEqual(when === 'after' ? ['b after', 'a after'] : ['a after']);
});

it('an empty list sends', async () => {
  expect(await compose<string, string>([], async (context) => context)('as it is')).toBe('as it is');
});
