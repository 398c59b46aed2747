import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRobotsFile } from './robots-file.ts';

/** Its declarations say ES module, it is CommonJS. */
const robotsParser: typeof import('robots-parser').default = createRequire(import.meta.url)('robots-parser');

function isAllowed(text: string, path: string, token = 'Catena'): boolean {
  return parseRobotsFile(text, token).isAllowed(path);
}

describe('parseRobotsFile', () => {
  it('lets the longest pattern decide, and of equal ones the one that allows', () => {
    const text = 'User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nDisallow: /same\nAllow: /same';
    const answers = ['/', '/a', '/a/b', '/a/b/c', '/same', '/A'].map((path) => isAllowed(text, path));
    expect(answers).toEqual([true, false, true, false, true, true]);
  });

  it.each([
    ['/*.php', '/x/index.php?a=1', true],
    ['/*.php$', '/index.php', true],
    ['/*.php$', '/index.php?a', false],
    ['/a*c', '/abbbc', true],
    ['/a*c', '/abbb', false],
    ['/a*b*a$', '/aba', true],
    ['/a*b*a$', '/ab', false],
    ['/a*a$', '/a', false],
    ['/fish*', '/fishing', true],
    ['/**/x', '/a/x', true],
    ['*', '/', true],
    ['$', '/', false],
    ['/$', '/', true],
    ['/$', '/a', false],
    ['/a$b', '/a$b', true],
    ['/caf%C3%a9', '/caf%c3%A9', true],
    ['/café', '/caf%C3%A9', true],
    ['/%7Ejoe', '/~joe', true],
    ['/~joe', '/%7ejoe', true],
    ['/a%2Fb', '/a/b', false],
    ['/%2A', '/x', false],
    ['/100%', '/100%', true],
    ['no-slash', '/no-slash', true],
    ['*.php', '/a.php', true],
    ['/file-%2A.html', '/file-*.html', true],
    ['/file-%2A.html', '/file-x.html', false],
    ['/foo-%24', '/foo-$', true],
    ['/foo-%24', '/foo-', false],
    ['/a b', '/a%20b', true],
    ['/a%20b', '/a%20b', true],
    ['/a"b', '/a%22b', true],
    ['/{x}', '/%7Bx%7D', true],
    ['/{x}', '/{x}', true],
    ['/<y', '/%3cy', true],
    ['/^`|', '/%5E%60|', true],
    ['/\\', '/%5C', true],
    ['/a%', '/a%', true],
    ['/a%zz', '/a%zz', true],
    ['/foo/bar/%62%61%7A', '/foo/bar/baz', true],
    ['/foo/bar/ツ', '/foo/bar/%E3%83%84', true],
    ['/foo/bar?baz=https://foo.bar', '/foo/bar?baz=https%3A%2F%2Ffoo.bar', true],
    ['/foo/bar?baz=https%3A%2F%2Ffoo.bar', '/foo/bar?baz=https://foo.bar', true],
    ['/*url=https://', '/foo?url=https://x', true],
    ['/*%2f', '/?/', false],
    ['/a%2fb?', '/a/b?', false],
    ["/*?q='a'", '/x?q=%27a%27', true],
    ['/a?b=1%26c', '/a?b=1&c', false],
    ['/fish*', '/fish', true],
  ])('the pattern %s and the path %s: %s', (pattern, path, matches) => {
    expect(isAllowed(`User-agent: *\nDisallow: ${pattern}`, path)).toBe(!matches);
  });

  it('reads the groups that name us, all of them together, and else those for everybody', () => {
    const text = `
      User-agent: other
      Disallow: /

      user-AGENT: Other2
      User-agent: CATENA/2.0 (+https://example.org) # that is us
      Disallow: /ours

      User-agent: *
      Disallow: /everybody
      User-agent: catena
      Disallow: /too`;
    const paths = ['/', '/ours', '/everybody', '/too'];
    expect(paths.map((path) => isAllowed(text, path))).toEqual([true, false, true, false]);
    expect(paths.map((path) => isAllowed(text, path, 'nobody'))).toEqual([true, true, false, true]);
    expect(isAllowed('User-agent: catenation\nDisallow: /', '/')).toBe(true);
  });

  it('lets a group that names us without rules allow everything', () => {
    expect(isAllowed('User-agent: catena\nDisallow:\n\nUser-agent: *\nDisallow: /', '/x')).toBe(true);
  });

  it.each([
    'User-agent *\nDisallow /x',
    'useragent: *\nDisalow: /x',
    'user agent: *\ndissallow: /x',
    'User-agent:*\nDISALLOW\t/x',
    'User-agent : * # all\n Disallow : /x',
    'User-agent: * everybody\nDiasllow: /x',
  ])('W22: reads what is meant: %j', (text) => {
    expect([isAllowed(text, '/x/y'), isAllowed(text, '/y')]).toEqual([false, true]);
  });

  it.each([
    'User-agent: *\nDisallow /x and more',
    'User-agent: *\nDisallow',
    'User-agent: *\nNoindex: /x',
    'User-agent: *cat\nDisallow: /x',
  ])('reads no rule in %j', (text) => {
    expect(isAllowed(text, '/x')).toBe(true);
  });

  it('W22: reads the crawl delay in its other spellings', () => {
    for (const key of ['Crawl-delay:', 'crawldelay:', 'crawl delay :', 'Crawl-Delay']) {
      expect(parseRobotsFile(`User-agent: *\n${key} 3`, 'catena').crawlDelayMs).toBe(3_000);
    }
  });

  it('cuts a rule that is too long or too complex so that it forbids more, and never allows more', () => {
    const long = `/x/${'a'.repeat(5_000)}`;
    const complex = `/y${'*a'.repeat(100)}`;
    for (const [pattern, path] of [
      [long, long],
      [complex, `/y${'a'.repeat(40)}`],
    ] as const) {
      expect(isAllowed(`User-agent: *\nDisallow: ${pattern}`, path)).toBe(false);
      expect(isAllowed(`User-agent: *\nDisallow: /\nAllow: ${pattern}`, path)).toBe(false);
    }
    expect(isAllowed(`User-agent: *\nDisallow: ${long}`, '/x/b')).toBe(true);
  });

  it('is not confused by sitemaps and unknown lines between agents', () => {
    const text = 'User-agent: catena\nSitemap: https://x/y\nHost: x\nUser-agent: other\nDisallow: /x';
    expect(isAllowed(text, '/x')).toBe(false);
  });

  it('reads line ends of all kinds, a byte order mark, and lines without sense', () => {
    const text = '\uFEFFUser-agent: *\r# comment\r\n\n: empty key\ngarbage\nDisallow : /x # why\n<html>\u0000';
    expect([isAllowed(text, '/x'), isAllowed(text, '/y')]).toEqual([false, true]);
  });

  it('never refuses robots.txt itself', () => {
    expect(isAllowed('User-agent: *\nDisallow: /', '/robots.txt')).toBe(true);
  });

  it.each([
    ['2', 2_000],
    ['0.5', 500],
    ['0', 0],
    ['-1', undefined],
    ['soon', undefined],
    ['1e9', undefined],
    ['', undefined],
  ])('reads a crawl delay of %j as %s ms', (value, ms) => {
    expect(parseRobotsFile(`User-agent: *\nCrawl-delay: ${value}`, 'catena').crawlDelayMs).toBe(ms);
    expect(parseRobotsFile(`User-agent: other\nCrawl-delay: ${value}`, 'catena').crawlDelayMs).toBeUndefined();
  });

  it('stays quick for files that were written to be slow', () => {
    const stars = Array.from({ length: 20_000 }, (_, i) => `Disallow: /${'a*'.repeat(15)}b${i}$`).join('\n');
    const file = parseRobotsFile(`User-agent: *\n${stars}\nDisallow: /${'*a'.repeat(100_000)}`, 'catena');
    const startMs = performance.now();
    for (let i = 0; i < 10; i++) expect(file.isAllowed(`/${'a'.repeat(2_000)}`)).toBe(true);
    expect((performance.now() - startMs) / 10).toBeLessThan(100);
  });

  it('survives any text and any path', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(fc.constantFrom('User-agent', 'Disallow', 'Allow', 'Crawl-delay'), fc.string({ unit: 'binary' }))
        .map((t) => t.join(': ')),
    );
    fc.assert(
      fc.property(fc.array(line), fc.string({ unit: 'binary' }), (lines, path) => {
        expect(typeof isAllowed(`User-agent: *\n${lines.join('\n')}`, path)).toBe('boolean');
      }),
    );
  });

  it('answers as robots-parser does', () => {
    // No `%2f`: in a query it is a slash for us, as RFC 9309 has it.
    const piece = fc.constantFrom('/', 'a', 'b', 'ab', '*', '%2b', '%C3%A9', '?', '.', '$');
    const pattern = fc.array(piece, { maxLength: 7 }).map((pieces) => `/${pieces.join('')}`);
    const rule = fc.tuple(fc.constantFrom('Allow', 'Disallow'), pattern).map(([key, value]) => `${key}: ${value}`);
    const group = fc.tuple(fc.constantFrom('*', 'catena', 'other'), fc.array(rule, { minLength: 1, maxLength: 5 }));
    const path = fc
      .array(fc.constantFrom('/', 'a', 'b', 'ab', '%2B', '%C3%A9', '?', '.'), { maxLength: 8 })
      .map((pieces) => `/${pieces.join('')}`);
    fc.assert(
      fc.property(fc.array(group, { maxLength: 4 }), path, (groups, asked) => {
        const text = groups.map(([agent, rules]) => `User-agent: ${agent}\n${rules.join('\n')}`).join('\n');
        const url = new URL(`https://site.test${asked}`);
        fc.pre(url.pathname.startsWith('/') && url.host === 'site.test');
        const theirs = robotsParser('https://site.test/robots.txt', text).isAllowed(url.href, 'catena') ?? true;
        expect(isAllowed(text, url.pathname + url.search)).toBe(theirs);
      }),
      { numRuns: 2_000 },
    );
  });
});
