import { describe, expect, it } from 'vitest';
import { call, invalid, json, openApi, refusal } from './ingress-api.fixture.ts';

describe('PutAccount and GetAccount', () => {
  const login = { user: 'anna', password: 'hunter2', otp: { seed: 7, codes: ['1', '2'] } };

  it('never show what was put', async () => {
    const { api, bench } = openApi();
    await api.putAccount({ account: 'anna', platform: 'web', login: json(login) }, call());
    expect((await bench.store.getAccount('anna', 'web'))!.login).toEqual(login);
    const found = await api.getAccount({ account: 'anna', platform: 'web' }, call());
    expect(found.updatedAtMs).toBe(bench.clock.now());
    expect(JSON.parse(Buffer.from(found.login!).toString())).toEqual({
      user: '***',
      password: '***',
      otp: { seed: '***', codes: ['***', '***'] },
    });
  });

  it('replace an account', async () => {
    const { api, bench } = openApi();
    await api.putAccount({ account: 'anna', platform: 'web', login: json(login) }, call());
    await api.putAccount({ account: 'anna', platform: 'web', login: json({ key: 'k' }) }, call());
    expect((await bench.store.getAccount('anna', 'web'))!.login).toEqual({ key: 'k' });
  });

  it.each(['', '{"password":"hunter2"', '["hunter2"]', '"hunter2"', 'null'])(
    'refuse the login %j without quoting it',
    async (text) => {
      const { api } = openApi();
      const put = api.putAccount({ account: 'anna', platform: '', login: Buffer.from(text) }, call());
      expect(await refusal(put)).toEqual(invalid('platform', 'login'));
      await expect(put).rejects.toThrow(/^(?!.*hunter2)/s);
    },
  );

  it('refuse an account that is none', async () => {
    const { api } = openApi();
    const get = (account: string) => refusal(api.getAccount({ account, platform: 'web' }, call()));
    expect((await get('nobody')).code).toBe('api.unknown_account');
    expect(await get('')).toEqual(invalid('account'));
  });
});
