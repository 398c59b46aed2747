import { describe, expect, it } from 'vitest';
import { type CallerRequest, foreignCaller, type LocalCallers } from './local-caller.ts';

const NONE: LocalCallers = { allowedHosts: [], allowedOrigins: [] };

function request(
  headers: Readonly<Record<string, string | string[]>>,
  more: Partial<CallerRequest> = {},
): CallerRequest {
  const rawHeaders = Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((each) => [name, each]));
  return { method: 'GET', url: '/api/x', rawHeaders, ...more };
}

/** `accepted`, or the code of the refusal. */
function verdict(
  headers: Readonly<Record<string, string | string[]>>,
  more: Partial<CallerRequest> = {},
  callers: Partial<LocalCallers> = {},
): string {
  return foreignCaller(request(headers, more), { ...NONE, ...callers })?.code ?? 'accepted';
}

const OWN = '127.0.0.1:8080';

describe('the host', () => {
  it.each([
    ...['127.0.0.1', '127.0.0.1:8080', '127.8.9.10:1', 'localhost', 'localhost:8080', 'LOCALHOST:8080', 'localhost.'],
    ...['localhost.:8080', 'localhost:', '[::1]', '[::1]:8080', '[0:0:0:0:0:0:0:1]:8080', '[::ffff:127.0.0.1]'],
  ])('%s is of loopback', (host) => {
    expect(verdict({ host })).toBe('accepted');
  });

  it.each([
    ...['evil.example', 'evil.example:8080', 'localhost.evil.example', 'localhost.evil.example:8080', 'evil-localhost'],
    ...['127.0.0.1.evil.example', '127.0.0.1.evil.example:80', '127.evil.example', 'xn--lcalhost-9n0d', 'lоcalhost'],
    ...['localhost..', '.localhost', 'sub.localhost', 'localhost localhost', 'localhost,evil.example', ' localhost'],
    ...['user@localhost', 'localhost:8080@evil.example', 'evil.example#localhost', 'localhost/evil', 'localhost\\evil'],
    ...['127.1', '0x7f000001', '2130706433', '0177.0.0.1', '127.0.0.01', '0.0.0.0', '[::]', '[::1', '::1', '[::1]evil'],
    ...['[::1%25eth0]', '[::ffff:10.0.0.1]', '[fe80::1]', '10.0.0.1', '192.168.1.2:8080', '128.0.0.1', ''],
    ...['localhost:http', 'localhost:123456', 'localhost:80:80', 'localhost:-1'],
  ])('%j is foreign', (host) => {
    expect(verdict({ host })).toBe('api.foreign_host');
  });

  it('that is absent, or given twice, is foreign', () => {
    expect(verdict({})).toBe('api.foreign_host');
    expect(verdict({ host: ['localhost', 'evil.example'] })).toBe('api.foreign_host');
    expect(verdict({ host: ['localhost', 'localhost'] })).toBe('api.foreign_host');
  });

  it.each([
    ['http://evil.example/api/x', 'api.foreign_host'],
    ['http://127.0.0.1:8080@evil.example/api/x', 'api.foreign_host'],
    ['http://evil.example', 'api.foreign_host'],
    ['HTTP://EVIL.EXAMPLE/', 'api.foreign_host'],
    ['http:///api/x', 'api.foreign_host'],
    ['http://localhost:8080/api/x', 'accepted'],
    ['//evil.example/api/x', 'accepted'],
    ['/redirect?to=http://evil.example/', 'accepted'],
    ['*', 'accepted'],
  ])('of the target %s counts: %s', (url, expected) => {
    expect(verdict({ host: OWN }, { url })).toBe(expected);
  });

  it('that api.allowed_hosts names is accepted, on any port or on its own', () => {
    const allowedHosts = ['catena.internal', 'other.internal:8443', '[fd00::1]'];
    for (const host of ['catena.internal', 'CATENA.internal.:80', 'other.internal:8443', '[fd00:0::1]:9']) {
      expect(verdict({ host }, {}, { allowedHosts })).toBe('accepted');
    }
    for (const host of ['other.internal', 'other.internal:80', 'x.catena.internal', 'catena.internal.evil.example']) {
      expect(verdict({ host }, {}, { allowedHosts })).toBe('api.foreign_host');
    }
  });
});

describe('the origin', () => {
  it.each([
    ['http://127.0.0.1:8080', 'accepted'],
    ['https://127.0.0.1:8080', 'accepted'],
    ['http://localhost:8080', 'api.foreign_origin'],
    ['http://127.0.0.1:3000', 'api.foreign_origin'],
    ['http://127.0.0.1', 'api.foreign_origin'],
    ['https://evil.example', 'api.foreign_origin'],
    ['http://127.0.0.1:8080.evil.example', 'api.foreign_origin'],
    ['http://evil.example:8080', 'api.foreign_origin'],
    ['http://127.0.0.1:8080@evil.example', 'api.foreign_origin'],
    ['null', 'api.foreign_origin'],
    ['', 'api.foreign_origin'],
    ['file://', 'api.foreign_origin'],
    ['chrome-extension://abcdef', 'api.foreign_origin'],
    ['http://127.0.0.1:8080, https://evil.example', 'api.foreign_origin'],
  ])('%j of a call to 127.0.0.1:8080: %s', (origin, expected) => {
    expect(verdict({ host: OWN, origin })).toBe(expected);
  });

  it('of the usual port is the same with and without it', () => {
    expect(verdict({ host: 'localhost', origin: 'http://localhost' })).toBe('accepted');
    expect(verdict({ host: 'localhost:80', origin: 'http://localhost' })).toBe('accepted');
    expect(verdict({ host: 'localhost:443', origin: 'https://localhost' })).toBe('accepted');
    expect(verdict({ host: 'localhost:443', origin: 'http://localhost' })).toBe('api.foreign_origin');
  });

  it('given twice is foreign', () => {
    expect(verdict({ host: OWN, origin: ['http://127.0.0.1:8080', 'https://evil.example'] })).toBe(
      'api.foreign_origin',
    );
  });

  it('that api.allowed_origins names is accepted, and no other', () => {
    const allowedOrigins = ['https://shop.example'];
    const crossSite = { host: OWN, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
    expect(verdict({ ...crossSite, origin: 'https://shop.example' }, {}, { allowedOrigins })).toBe('accepted');
    expect(verdict({ ...crossSite, origin: 'https://shop.example.evil.example' }, {}, { allowedOrigins })).toBe(
      'api.foreign_origin',
    );
  });
});

describe('a request without an origin', () => {
  const of = (site: string, mode = 'no-cors', dest = 'image') => {
    return { host: OWN, 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
  };

  it.each([
    ['of a program', { host: OWN }, 'accepted'],
    ['of the address bar', of('none', 'navigate', 'document'), 'accepted'],
    ['of its own page', of('same-origin', 'cors', 'empty'), 'accepted'],
    ['of an image in a foreign page', of('cross-site'), 'api.foreign_origin'],
    ['of an image in a page on another port', of('same-site'), 'api.foreign_origin'],
    ['of a frame in a foreign page', of('cross-site', 'navigate', 'iframe'), 'api.foreign_origin'],
    ['of a link in a foreign page', of('cross-site', 'navigate', 'document'), 'accepted'],
    ['of a site that is unknown', of('somewhere'), 'api.foreign_origin'],
  ])('%s: %j', (_what, headers, expected) => {
    expect(verdict(headers)).toBe(expected);
  });

  it('of a form in a foreign page is refused although it navigates', () => {
    expect(verdict(of('cross-site', 'navigate', 'document'), { method: 'POST' })).toBe('api.foreign_origin');
  });
});
