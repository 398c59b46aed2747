/** A client that is not ours finds its way by reflection alone. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ErrorInfo } from 'nice-grpc-error-details';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endServing, serve } from '../../../test/fixtures/grpc/serving.ts';
import { HealthDefinition } from '../../contracts/rpc.ts';
import { DownloaderDefinition } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { neededRole } from './roles.ts';
import { type GrpcServer, grpcService } from './server.ts';
import { parseTokens } from './tokens.ts';

const BUF = join(import.meta.dirname, '../../../node_modules/.bin/buf');
const run = promisify(execFile);

const downloader = grpcService(DownloaderDefinition, {
  fetch: () => Promise.reject(new CatenaError('request.invalid_url', 'the URL is none', { remedy: 'write https://…' })),
  getLimits: async ({ key }) => ({ limits: [{ key, waiting: 3 }] }),
  resetBreaker: async () => ({ wasOpen: true }),
});

/** What buf prints of one. */
interface FailedCall {
  readonly code: string;
  readonly message: string;
  readonly details: readonly { readonly type: string; readonly value: string }[];
}

let server: GrpcServer;
beforeAll(async () => {
  const tokens = parseTokens('submitter:s-000000000000000');
  server = await serve({}, { services: [downloader], tokens, neededRole });
});
afterAll(endServing);

async function curl(...args: readonly string[]): Promise<string> {
  const base = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge'];
  const { stdout } = await run(BUF, [...base, ...args], { timeout: 60_000 });
  return stdout;
}

async function failure(call: Promise<string>): Promise<{ readonly stderr: string }> {
  return call.then(
    (printed) => Promise.reject(new Error(`it did not fail, but printed ${printed}`)),
    (error: { readonly stderr: string }) => error,
  );
}

const token = ['--header', 'authorization: Bearer s-000000000000000'];
const reflectToken = ['--reflect-header', 'authorization: Bearer s-000000000000000'];

describe('buf curl', () => {
  it('lists services and methods', async () => {
    const url = `http://127.0.0.1:${server.port}`;
    expect((await curl('--list-services', ...reflectToken, url)).trim().split('\n')).toEqual([
      'catena.v1.Downloader',
      HealthDefinition.fullName,
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
    expect(await curl('--list-methods', ...reflectToken, url)).toContain('catena.v1.Downloader/GetLimits');
  });

  it.each(['grpc-v1', 'grpc-v1alpha'])('calls a method that it knows by %s', async (protocol) => {
    const url = `http://127.0.0.1:${server.port}/catena.v1.Downloader/GetLimits`;
    const flags = ['--reflect-protocol', protocol, ...token, ...reflectToken, '--data', '{"key":"shop.test"}'];
    expect(JSON.parse(await curl(...flags, url))).toEqual({ limits: [{ key: 'shop.test', waiting: '3' }] });
  });

  it('reads an error with its details', async () => {
    const url = `http://127.0.0.1:${server.port}/catena.v1.Downloader/Fetch`;
    const { stderr } = await failure(curl(...token, ...reflectToken, '--data', '{}', url));
    const { code, message, details } = JSON.parse(stderr) as FailedCall;
    expect([code, message]).toEqual(['invalid_argument', 'the URL is none']);
    expect(details.map(({ type }) => type)).toEqual([ErrorInfo.$type]);
    expect(ErrorInfo.decode(Buffer.from(details[0]!.value, 'base64'))).toMatchObject({
      reason: 'request.invalid_url',
      domain: 'catena',
      metadata: { class: 'fatal', remedy: 'write https://…' },
    });
  });

  it('gets nowhere without a token', async () => {
    const url = `http://127.0.0.1:${server.port}`;
    expect((await failure(curl('--list-services', url))).stderr).toContain('not authenticated');
  });
});
