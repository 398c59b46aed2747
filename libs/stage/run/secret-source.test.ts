import { describe, expect, it } from 'vitest';
import { secretSource } from './secret-source.ts';

const environment = { LISTED: 'from the environment', UNLISTED: 'of the operator', EMPTY: '' };
const task = { account: 'acme', platform: 'web' };

/** Finds a secret where the account's login is this one. */
function find(name: string, login: unknown, allowed: readonly string[] = ['LISTED', 'EMPTY']) {
  const getAccount = async () => ({ account: 'acme', platform: 'web', login, updatedAtMs: 1 });
  return secretSource({ store: { getAccount }, environment, allowed })(task, name);
}

describe('a secret', () => {
  it('comes from the environment if it is listed, and else nobody is told that it is there', async () => {
    expect(await find('LISTED', {})).toBe('from the environment');
    expect(await find('UNLISTED', {})).toBeUndefined();
    expect(await find('LISTED', {}, [])).toBeUndefined();
    expect(await find('NOWHERE', {}, ['NOWHERE'])).toBeUndefined();
    expect(await find('EMPTY', {})).toBeUndefined();
  });

  it('of the account goes first, and needs no list', async () => {
    expect(await find('LISTED', { LISTED: 'of the account' })).toBe('of the account');
    expect(await find('UNLISTED', { UNLISTED: 'of the account' }, [])).toBe('of the account');
  });

  it('of an account is text of its own: neither empty, nor inherited, nor of another type', async () => {
    for (const login of [{ LISTED: '' }, { LISTED: 7 }, null, 'LISTED', undefined, { __proto__: { LISTED: 'x' } }]) {
      expect(await find('LISTED', login)).toBe('from the environment');
    }
    expect(await find('toString', {}, ['toString'])).toBeUndefined();
    expect(await find('constructor', {}, ['constructor'])).toBeUndefined();
  });
});
