import { expect, it } from 'vitest';
import { ignoredProxies } from './ignored-proxies.ts';

it('W16: proxies that the environment names are said to be ignored, without their logins', () => {
  const warning = ignoredProxies({
    HTTP_PROXY: 'http://ann:secret@proxy.test',
    all_proxy: 'socks5://x',
    no_proxy: 'y',
  });
  expect(warning).toMatchObject({ variables: ['HTTP_PROXY', 'all_proxy'] });
  expect(JSON.stringify(warning)).not.toContain('secret');
});

it('an environment without proxies needs no word', () => {
  expect(ignoredProxies({ HTTP_PROXY: '', HTTPS_PROXY: undefined, PATH: '/bin' })).toBeUndefined();
});
