import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CookieJar, CookieJars } from './cookie-jar.ts';

const url = new URL('https://shop.test/a/b');

function setting(...cookies: string[]): [string, string][] {
  return cookies.map((cookie) => ['set-cookie', cookie]);
}

describe('CookieJar', () => {
  it('sends nothing until it was given something', () => {
    const jar = new CookieJar();
    jar.store(url, [['content-type', 'text/html']]);
    expect(jar.header(url)).toBe('');
  });

  it('sends cookies by host, path and security, and forgets those that are taken back', () => {
    const jar = new CookieJar();
    jar.store(url, setting('all=1; Path=/', 'deep=2; Path=/a', 'safe=3; Path=/; Secure', 'gone=4; Path=/'));
    jar.store(url, setting('gone=; Path=/; Max-Age=0'));
    expect(jar.header(url).split('; ').sort()).toEqual(['all=1', 'deep=2', 'safe=3']);
    expect(jar.header(new URL('http://shop.test/'))).toBe('all=1');
    expect(jar.header(new URL('https://other.test/a'))).toBe('');
    expect(jar.header(new URL('https://evil-shop.test/a'))).toBe('');
  });

  it('takes no cookies for other sites or for whole registries', () => {
    const jar = new CookieJar();
    jar.store(new URL('https://shop.co.uk/'), setting('a=1; Domain=co.uk', 'b=2; Domain=bank.co.uk'));
    expect(jar.header(new URL('https://bank.co.uk/'))).toBe('');
  });

  it('works for hosts without a registry', () => {
    for (const host of ['http://localhost:8080/', 'http://127.0.0.1:8080/', 'http://[::1]/', 'http://intranet/']) {
      const jar = new CookieJar();
      jar.store(new URL(host), setting('a=1'));
      expect(jar.header(new URL(host))).toBe('a=1');
    }
  });

  it('takes a bounded number of cookies, and takes new ones again when old ones are gone', () => {
    const jar = new CookieJar();
    for (let i = 0; i < 1_200; i++) jar.store(url, setting(`c${i}=1; Path=/`));
    expect(jar.header(url).split('; ')).toHaveLength(1_000);
    const emptied = new CookieJar();
    for (let i = 0; i < 1_200; i++) emptied.store(url, setting('same=1; Path=/'));
    emptied.store(url, setting('new=1; Path=/'));
    expect(emptied.header(url)).toContain('new=1');
  });

  it.each([
    [
      'W20: 4,096 characters of name and value, whatever its attributes',
      `a=${'x'.repeat(4_095)}`,
      '; Path=/; Secure',
      true,
    ],
    ['one more', `a=${'x'.repeat(4_096)}`, '; Path=/', false],
    ['a long name', `${'n'.repeat(4_096)}=`, '; Path=/', true],
    ['a long name and a value', `${'n'.repeat(4_096)}=x`, '; Path=/', false],
    ['blanks around them, which do not count', `a=${' '.repeat(500)}${'x'.repeat(4_000)}`, ' ; Path=/', true],
    ['an attribute of 1,024 characters', 'a=1', `; Path=/a; x=${'y'.repeat(1_024)}`, true],
    ['a value without a name', 'lonely', '; Path=/', true],
  ])('takes as browsers do: %s', (_what, pair, attributes, isTaken) => {
    const jar = new CookieJar();
    jar.store(url, setting(pair + attributes));
    expect(jar.header(url).replaceAll(' ', '')).toBe(isTaken ? pair.replaceAll(' ', '') : '');
  });

  it('passes over an attribute that is too long, and not over its cookie', () => {
    const jar = new CookieJar();
    jar.store(url, setting(`a=1; Path=/${'x'.repeat(1_024)}; Secure`));
    expect(jar.header(url)).toBe('a=1');
    expect(jar.header(new URL('http://shop.test/a/b'))).toBe('');
  });

  it('takes cookies with guarded names only from those who may set them, also after another process has stored them', () => {
    const jar = new CookieJar();
    const guarded = setting('__Host-a=1; Secure; Path=/', '__Host-b=1; Secure; Path=/x', '__Secure-c=1; Path=/');
    jar.store(url, guarded);
    expect(jar.header(url)).toBe('__Host-a=1');
    const other = new CookieJar();
    other.hold(jar.changes());
    other.store(url, guarded);
    other.store(url, setting('lonely; Path=/'));
    expect(other.header(url).split('; ').sort()).toEqual(['__Host-a=1', 'lonely']);
  });

  it('survives any header', () => {
    const cookie = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z=;, ]{0,40}$/));
    fc.assert(
      fc.property(cookie, (value) => {
        const jar = new CookieJar();
        jar.store(url, setting(value, `ok=1; ${value}`));
        expect(typeof jar.header(url)).toBe('string');
      }),
    );
  });
});

describe('CookieJars', () => {
  it('keeps a jar for each session of each run', () => {
    const jars = new CookieJars();
    const own = jars.forRun('r1', '');
    expect(jars.forRun('r1', '')).toBe(own);
    expect(new Set([own, jars.forRun('r1', 'a'), jars.forRun('r2', ''), jars.forRun('r2', 'a')]).size).toBe(4);
  });

  it('drops the jars of a run', () => {
    const jars = new CookieJars();
    const own = jars.forRun('r1', '');
    jars.forRun('r1', 'a');
    jars.forRun('r2', '');
    jars.dropRun('r1');
    jars.dropRun('unknown');
    expect(jars.size).toBe(1);
    expect(jars.forRun('r1', '')).not.toBe(own);
  });

  it('beyond its bound drops the jar that was not used for longest', () => {
    const jars = new CookieJars(2);
    const first = jars.forRun('r1', 'a');
    const second = jars.forRun('r1', 'b');
    expect(jars.forRun('r1', 'a')).toBe(first);
    jars.forRun('r2', 'c');
    expect(jars.size).toBe(2);
    expect(jars.forRun('r1', 'a')).toBe(first);
    expect(jars.forRun('r1', 'b')).not.toBe(second);
  });
});
