/** Certificates and keys, read once at start and checked before they are used. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CatenaError } from '../../errors/catena-error.ts';

/** Paths of PEM files. */
export interface TlsPaths {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
  /** Whether callers must present a certificate that `ca` signed. */
  readonly clientAuth?: boolean;
}

/** Their contents. */
export interface TlsFiles {
  readonly identity: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly ca: Buffer | undefined;
  readonly clientAuth: boolean;
}

/**
 * Reads the files; undefined if there are none, and then nothing is encrypted.
 *
 * Throws `config.bad_certificate` (fatal): a file cannot be read, is not PEM, has expired, or does not match its key.
 */
export function readTlsFiles(paths: TlsPaths, nowMs: number = Date.now()): TlsFiles | undefined {
  const { cert, key, ca, clientAuth = false } = paths;
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if ((cert === undefined) !== (key === undefined)) {
    throw bad(cert === undefined ? 'grpc.tls_cert' : 'grpc.tls_key', '', 'is missing: a certificate needs its key');
  }
  if (clientAuth && ca === undefined) throw bad('grpc.tls_ca', '', 'is missing: client certificates cannot be checked');
  return {
    identity: cert === undefined || key === undefined ? undefined : readIdentity(cert, key, nowMs),
    ca: ca === undefined ? undefined : readCertificate('grpc.tls_ca', ca, nowMs).bytes,
    clientAuth,
  };
}

/** A certificate authority that a setting names. Throws `config.bad_certificate` as {@link readTlsFiles} does. */
export function readAuthority(setting: string, path: string, nowMs: number = Date.now()): Buffer {
  return readCertificate(setting, path, nowMs).bytes;
}

function readIdentity(certPath: string, keyPath: string, nowMs: number): { cert: Buffer; key: Buffer } {
  const { bytes, certificate } = readCertificate('grpc.tls_cert', certPath, nowMs);
  const key = read('grpc.tls_key', keyPath);
  const privateKey = parse('grpc.tls_key', keyPath, () => createPrivateKey(key), 'a private key');
  if (!certificate.checkPrivateKey(privateKey)) throw bad('grpc.tls_key', keyPath, `is not the key of ${certPath}`);
  return { cert: bytes, key };
}

function readCertificate(setting: string, path: string, nowMs: number) {
  const bytes = read(setting, path);
  const certificate = parse(setting, path, () => new X509Certificate(bytes), 'a certificate');
  if (Date.parse(certificate.validTo) < nowMs) throw bad(setting, path, `expired on ${certificate.validTo}`);
  return { bytes, certificate };
}

function read(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    throw bad(setting, path, `cannot be read: ${(thrown as NodeJS.ErrnoException).code}`, thrown);
  }
}

function parse<Value>(setting: string, path: string, work: () => Value, wanted: string): Value {
  try {
    return work();
  } catch (thrown) {
    throw bad(setting, path, `does not contain ${wanted} as PEM`, thrown);
  }
}

function bad(setting: string, path: string, problem: string, cause?: unknown): CatenaError {
  return new CatenaError('config.bad_certificate', `${setting}${path === '' ? '' : ` (${path})`} ${problem}`, {
    data: { setting, path },
    remedy: `correct ${setting} and start again`,
    ...(cause === undefined ? {} : { cause }),
  });
}
