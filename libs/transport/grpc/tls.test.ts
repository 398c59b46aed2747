import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, type TestAuthority } from '../../../test/fixtures/grpc/certificates.ts';
import { rejection } from '../../../test/fixtures/grpc/probe.ts';
import { endServing, probeClient, serve } from '../../../test/fixtures/grpc/serving.ts';
import { readTlsFiles } from './tls-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'catena-tls-'));
let ours: TestAuthority;
let others: TestAuthority;

beforeAll(() => {
  ours = makeAuthority(join(folder, 'ours'));
  others = makeAuthority(join(folder, 'others'));
});
afterEach(endServing);
afterAll(() => rmSync(folder, { recursive: true }));

describe('an encrypted server', () => {
  it('is called by whoever believes its authority, by name and by address', async () => {
    const { port } = await serve({}, { tls: readTlsFiles(ours.issue('server')) });
    const tls = readTlsFiles({ ca: ours.ca });
    await expect(probeClient(port, { tls }).write({ text: 'address' })).resolves.toEqual({ text: 'address' });
    await expect(probeClient(`localhost:${port}`, { tls }).write({ text: 'name' })).resolves.toEqual({ text: 'name' });
  });

  it('is not called by who believes another authority, or does not encrypt', async () => {
    const { port } = await serve({}, { tls: readTlsFiles(ours.issue('server')) });
    for (const tls of [readTlsFiles({ ca: others.ca }), undefined]) {
      const call = probeClient(port, { tls }).write({ text: '' }, { timeoutMs: 2_000 });
      expect(await rejection(call)).toMatchObject({ class: 'retryable' });
    }
  });

  it('lets in only callers with a certificate of its authority, when it is told to', async () => {
    const { port } = await serve({}, { tls: readTlsFiles({ ...ours.issue('server'), clientAuth: true }) });
    const known = readTlsFiles(ours.issue('client'));
    await expect(probeClient(port, { tls: known }).write({ text: 'known' })).resolves.toEqual({ text: 'known' });
    for (const stranger of [{ ca: ours.ca }, { ...others.issue('client'), ca: ours.ca }]) {
      const call = probeClient(port, { tls: readTlsFiles(stranger) }).write({ text: '' }, { timeoutMs: 2_000 });
      expect(await rejection(call)).toMatchObject({ class: 'retryable' });
    }
  });
});

describe('certificate files', () => {
  it('are none without paths', () => {
    expect(readTlsFiles({ clientAuth: false })).toBeUndefined();
  });

  it('are refused with the setting, the file and the reason', () => {
    const { cert, key, ca } = ours.issue('one');
    const text = join(folder, 'text.pem');
    writeFileSync(text, 'no certificate');
    const gone = join(folder, 'gone.pem');
    const problems = [
      [{ cert }, 'grpc.tls_key is missing'],
      [{ key }, 'grpc.tls_cert is missing'],
      [{ cert, key, clientAuth: true }, 'grpc.tls_ca is missing'],
      [{ cert: gone, key }, `grpc.tls_cert (${gone}) cannot be read: ENOENT`],
      [{ cert, key: folder }, `grpc.tls_key (${folder}) cannot be read: EISDIR`],
      [{ cert: text, key }, `grpc.tls_cert (${text}) does not contain a certificate as PEM`],
      [{ cert, key: text }, `grpc.tls_key (${text}) does not contain a private key as PEM`],
      [{ cert, key: ours.issue('two').key }, `is not the key of ${cert}`],
      [{ ca: text }, `grpc.tls_ca (${text}) does not contain a certificate as PEM`],
    ] as const;
    for (const [paths, problem] of problems) {
      expect(() => readTlsFiles(paths), problem).toThrow(
        expect.objectContaining({ code: 'config.bad_certificate', message: expect.stringContaining(problem) }),
      );
    }
    expect(() => readTlsFiles({ cert, key, ca }, Date.now() + 10 * 86_400_000)).toThrow('expired on');
  });
});
