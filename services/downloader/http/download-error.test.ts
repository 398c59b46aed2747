import { describe, expect, it } from 'vitest';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { downloadError, withoutCredentials } from './download-error.ts';
import { DEFAULT_HTTP_OPTIONS } from './http-options.ts';
import { toDownloadError } from './network-error.ts';

describe('withoutCredentials', () => {
  it.each([
    [new URL('http://ann:secret@host/p?q#f'), 'http://host/p?q#f'],
    [new URL('http://host/a@b'), 'http://host/a@b'],
    ['http://ann:secret@host:bad/p', 'http://host:bad/p'],
    ['http:\\\\ann:secret@host:bad', 'http://host:bad'],
    ['ann:secret@host', 'ann://host'],
    ['//ann:secret@host', '//host'],
    ['not a url', 'not a url'],
    ['http://ann:se/cret@host', 'http://host'],
    ['http://host:bad/path', 'http://host:bad/path'],
  ])('shows %s as %s', (url, shown) => {
    expect(withoutCredentials(url)).toBe(shown);
  });

  it('cuts what is too long for a record', () => {
    expect(withoutCredentials(`http://host/${'x'.repeat(100_000)}`).length).toBeLessThan(2_010);
  });
});

describe('toDownloadError', () => {
  const url = new URL('https://host:8443/p');

  function named(code: string, answered = false): CatenaError {
    return toDownloadError(Object.assign(new Error('x'), { code }), { url, answered, limits: DEFAULT_HTTP_OPTIONS });
  }

  it.each([
    ['ECONNRESET', 'download.reset', 'retryable'],
    ['EPIPE', 'download.reset', 'retryable'],
    ['UND_ERR_SOCKET', 'download.reset', 'retryable'],
    ['ECONNREFUSED', 'download.refused', 'retryable'],
    ['EHOSTUNREACH', 'download.refused', 'retryable'],
    ['ETIMEDOUT', 'download.connect_timeout', 'retryable'],
    ['CERT_HAS_EXPIRED', 'download.tls', 'fatal'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'download.tls', 'fatal'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'download.tls', 'fatal'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'download.tls', 'fatal'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'download.tls', 'fatal'],
    ['SOMETHING_NEW', 'download.failed', 'retryable'],
  ])('calls %s %s', (networkCode, code, failureClass) => {
    expect(named(networkCode)).toMatchObject({
      code,
      class: failureClass,
      data: { url: url.href, host: 'host:8443', networkCode },
    });
  });

  it('calls a connection that ends within a body truncated', () => {
    expect(named('ECONNRESET', true).code).toBe('download.truncated');
  });

  it('takes anything thrown, and leaves a CatenaError as it is', () => {
    const fault = { url, answered: false, limits: DEFAULT_HTTP_OPTIONS };
    for (const thrown of ['text', undefined, null, 7, new Error('plain')]) {
      expect(toDownloadError(thrown, fault).code).toBe('download.failed');
    }
    const own = downloadError('download.timeout', { url });
    expect(toDownloadError(own, fault)).toBe(own);
  });

  it('makes errors that can be recorded as JSON, with words for a person', () => {
    const error = named('ECONNREFUSED');
    expect(JSON.parse(JSON.stringify(error.data))).toEqual(error.data);
    expect(error.message).toBe('https://host:8443/p could not be connected to: x');
    expect(error).toBeInstanceOf(CatenaError);
  });
});
