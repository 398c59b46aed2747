import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestSpec } from '../modules/contract/definition.ts';
import { decodeHop, decodeRequest, encodeHop, encodeRequest } from './node-body.ts';

const url = 'http://shop.test/';
const kept = (spec: Omit<RequestSpec, 'url'>) => decodeRequest(encodeRequest({ url, ...spec }, { page: 1 }));
const bodyText = ({ body }: { readonly body?: string }) => Buffer.from(body ?? '', 'base64').toString();

it('a hop keeps its state', () => {
  expect(decodeHop(encodeHop({ state: { page: 1, name: 'ß' } }))).toEqual({ state: { page: 1, name: 'ß' } });
});

describe('a request', () => {
  it('keeps what its author wrote, and the state of its hop', () => {
    const spec = { headers: { accept: 'text/html' }, session: 'a', timeoutMs: 5, limitKey: 'k' };
    expect(kept(spec)).toEqual({ state: { page: 1 }, method: 'GET', url, ...spec });
    expect(decodeRequest(encodeRequest({ url: new URL('?q=ü', url) }, {})).url).toBe('http://shop.test/?q=%C3%BC');
  });

  it('keeps what it costs at most as whole millionths, rounded up', () => {
    expect(kept({ cost: { atMost: 0.1 + 0.2 } }).costMicros).toBe(300_000);
    expect(kept({ cost: { atMost: 0.000_000_4 } }).costMicros).toBe(1);
    expect(kept({ cost: { atMost: 0 } }).costMicros).toBe(0);
    expect(kept({})).not.toHaveProperty('costMicros');
  });

  it.each(['resendBody', 'untrusted'] as const)('keeps %s, only if it says so', (field) => {
    expect(kept({ [field]: true })).toMatchObject({ [field]: true });
    expect(kept({ [field]: false })).not.toHaveProperty(field);
  });

  it('is a POST with a body, unless it says otherwise', () => {
    expect(kept({ body: 'a=1' }).method).toBe('POST');
    expect(kept({ body: '' }).method).toBe('POST');
    expect(kept({ body: 'a=1', method: 'PUT' }).method).toBe('PUT');
    expect(kept({}).method).toBe('GET');
  });

  it('encodes JSON and forms with their content type, unless that is given', () => {
    const json = kept({ json: { q: 'ä' } });
    expect([json.headers, bodyText(json)]).toEqual([{ 'content-type': 'application/json' }, '{"q":"ä"}']);
    const form = kept({ form: { q: 'a b', r: '&' } });
    expect(form.headers).toEqual({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(bodyText(form)).toBe('q=a+b&r=%26');
    const own = { 'Content-Type': 'application/vnd.api+json' };
    expect(kept({ json: null, headers: own }).headers).toEqual(own);
    expect(bodyText(kept({ json: null }))).toBe('null');
  });

  it('keeps any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(Buffer.from(kept({ body: bytes }).body!, 'base64')).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('leaves the author’s headers alone', () => {
    const headers = Object.freeze({ accept: '*/*' });
    expect(kept({ headers, json: 1 }).headers).toHaveProperty('content-type');
    expect(headers).toEqual({ accept: '*/*' });
  });
});
