import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, type TestAuthority } from '../../../test/fixtures/grpc/certificates.ts';
import { readTlsFiles } from '../grpc/tls-files.ts';
import { serve } from './http-app.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'catena-https-'));
let ours: TestAuthority;

beforeAll(() => {
  ours = makeAuthority(join(folder, 'ours'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The body that is answered to who believes an authority, and shows a certificate if one is given. */
function get(
  url: string,
  shown: { readonly ca: string; readonly cert?: string; readonly key?: string },
): Promise<string> {
  const files = Object.fromEntries(Object.entries(shown).map(([name, path]) => [name, readFileSync(path)]));
  return new Promise((resolve, reject) => {
    const call = request(url, { ...files, agent: false }, (response) => void text(response).then(resolve, reject));
    call.on('error', reject);
    call.end();
  });
}

describe('a server with a certificate', () => {
  it('answers over TLS alone', async () => {
    const { url, port } = await serve({ tls: readTlsFiles(ours.issue('server')) });
    expect(url).toBe(`https://127.0.0.1:${port}`);
    expect(await get(`${url}/open`, { ca: ours.ca })).toBe('{"fine":true}');
    await expect(fetch(`http://127.0.0.1:${port}/open`)).rejects.toThrow();
  });

  it('lets in only callers with a certificate of its authority, when it is told to', async () => {
    const { url } = await serve({ tls: readTlsFiles({ ...ours.issue('server'), clientAuth: true }) });
    expect(await get(`${url}/open`, ours.issue('client'))).toBe('{"fine":true}');
    await expect(get(`${url}/open`, { ca: ours.ca })).rejects.toThrow();
  });
});
