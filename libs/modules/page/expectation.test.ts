import { describe, expect, it } from 'vitest';
import type { Site } from '../build/site.ts';
import type { Expectation } from '../contract/definition.ts';
import { requireExpected } from './expectation.ts';
import { SourcePage } from './page.ts';

const site: Site = { module: 'shop@1.0.0', step: 'list', call: 'parse' };
const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

function meet(
  expectation: Expectation | undefined,
  page: { status?: number; headers?: object; body?: string; undecoded?: string },
): void {
  const { status = 200, headers = {}, body = '', ...more } = page;
  const source = { ...more, url: 'https://shop.test/', status, headers: { ...headers }, body: Buffer.from(body) };
  requireExpected(site, expectation, new SourcePage(source, 'fast'), NOW_MS);
}

describe('the status of a page', () => {
  it.each([200, 201, 204, 299])('%i is read', (status) => {
    expect(() => meet(undefined, { status })).not.toThrow();
  });

  it.each([
    [301, 'fatal'],
    [401, 'fatal'],
    [404, 'fatal'],
    [410, 'fatal'],
    [408, 'retryable'],
    [425, 'retryable'],
    [429, 'retryable'],
    [500, 'retryable'],
    [503, 'retryable'],
  ])('%i is %s', (status, failureClass) => {
    expect(() => meet(undefined, { status })).toThrow(
      expect.objectContaining({ code: 'download.status', class: failureClass }),
    );
  });

  it('counts before a body that is still compressed; a page that its step accepts cannot be read', () => {
    const undecoded = 'content-encoding gzip, unexpected end of file';
    expect(() => meet(undefined, { status: 404, undecoded })).toThrow(
      expect.objectContaining({ code: 'download.status', class: 'fatal' }),
    );
    expect(() => meet({ status: [404] }, { status: 404, undecoded })).toThrow(
      expect.objectContaining({
        code: 'download.bad_encoding',
        class: 'retryable',
        message: expect.stringContaining(undecoded),
      }),
    );
  });

  it('is read when the step asks for it, and then only that', () => {
    expect(() => meet({ status: [200, 404] }, { status: 404 })).not.toThrow();
    expect(() => meet({ status: [404] }, { status: 200 })).toThrow('answered 200');
  });

  it.each([
    ['120', 120_000],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['soon', undefined],
  ])('Retry-After: %s asks for %o ms', (value, waitMs) => {
    expect(() => meet(undefined, { status: 429, headers: { 'retry-after': value } })).toThrow(
      expect.objectContaining({ retryAfterMs: waitMs }),
    );
  });
});

describe('a page that is not what the step needs', () => {
  it.each<[Expectation, string, string, string]>([
    [{ type: 'html' }, 'application/json', '{}', 'its content type is application/json, not html'],
    [{ type: 'json' }, 'text/html; charset=utf-8', '<p>', 'not json'],
    [{ type: 'text' }, 'image/png', '', 'not text'],
    [{ text: 'Results' }, 'text/html', 'Log in', 'it does not contain "Results"'],
    [{ selector: '.product' }, 'text/html', '<p class=login>', 'nothing matches the selector ".product"'],
    [{ selector: ['p', '.b'] }, 'text/html', '<p>', '".b"'],
    [
      { check: ({ text }) => (text.includes('captcha') ? 'a captcha' : undefined) },
      'text/html',
      'captcha',
      'a captcha',
    ],
  ])('%o is retryable, with the reason', (expectation, contentType, body, reason) => {
    expect(() => meet(expectation, { headers: { 'content-type': contentType }, body })).toThrow(
      expect.objectContaining({
        code: 'parse.unexpected_page',
        class: 'retryable',
        message: expect.stringContaining(reason),
      }),
    );
  });

  it.each<[Expectation, string]>([
    [{ type: 'html' }, 'application/xhtml+xml'],
    [{ type: 'json' }, 'application/vnd.api+json; charset=utf-8'],
    [{ type: 'text' }, 'text/csv'],
    [{ type: 'any' }, 'image/png'],
    [{ selector: ['p', 'p > b'], text: 'x', check: () => undefined }, 'text/html'],
  ])('%o takes %s', (expectation, contentType) => {
    expect(() => meet(expectation, { headers: { 'content-type': contentType }, body: '<p><b>x</b>' })).not.toThrow();
  });

  it('does not hold a missing content type against a page', () => {
    expect(() => meet({ type: 'html' }, { body: '<p>' })).not.toThrow();
  });
});
