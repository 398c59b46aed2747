/** `catena serve` without any server configured: one process, one file, the HTTP API open. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { provider } from '../brand-flow/scene.ts';
import {
  follow,
  get,
  KEY,
  KEY_NAME,
  outputOf,
  post,
  postFrom,
  registryFile,
  SUBMISSION,
  scratch,
  serveAsProcess,
} from './serving.ts';

/** What a process is told: its models, and where their key is. */
function told(baseUrl: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    [KEY_NAME]: KEY,
    CATENA_DOWNLOADER_SECRETS: KEY_NAME,
    CATENA_BRAND_PROVIDERS: registryFile(baseUrl),
    CATENA_LEASE_MS: '1000',
    ...more,
  };
}

describe('catena serve in one process', () => {
  it('answers polls in full after it was killed and started again (B10)', async () => {
    const { baseUrl, calls } = await provider(({ model, nth }) =>
      model === 'zhipu-test' && nth === 1 ? 'hang' : 'whole',
    );
    const folder = scratch();
    const env = told(baseUrl);
    const first = await serveAsProcess(folder, env);
    const runId = (await post(first.apiUrl, { ...SUBMISSION, deadlineSeconds: 60 })).body.execution_id as string;
    const answered = async () => (await get(`${first.apiUrl}/test/status/${runId}`)).body.results.length as number;
    await expect.poll(answered, { timeout: 60_000 }).toBe(2);
    first.child.kill('SIGKILL');
    await first.ended;

    const second = await serveAsProcess(folder, env);
    const early = await get(`${second.apiUrl}/test/status/${runId}`);
    expect(early.body.results.length).toBeGreaterThanOrEqual(2);
    const { last } = await follow(second.apiUrl, runId);
    expect(last.body).toMatchObject({ stage: 'completed', results: { length: 4 } });
    expect(calls.filter(({ model }) => model === 'qwen-test')).toHaveLength(2);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);

    const third = await serveAsProcess(folder, env);
    expect((await get(`${third.apiUrl}/test/status/${runId}`)).body).toEqual(last.body);
    expect((await get(`${third.apiUrl}/api/deep-intelligence/${runId}`)).status).toBe(200);
  }, 60_000);

  it('ends on SIGTERM with code 0, and answers who waits before', async () => {
    const { baseUrl } = await provider(() => 'hang');
    const serving = await serveAsProcess(scratch(), told(baseUrl));
    for (const headers of [
      { host: 'evil.example' },
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect(await postFrom(serving.apiUrl, headers)).toBe(403);
    }
    const runId = (await post(serving.apiUrl, SUBMISSION)).body.execution_id as string;
    const begun = await get(`${serving.apiUrl}/test/status/${runId}?wait=60&stage=init`);
    expect(begun.body.stage).toBe('ai_fetching');
    const waiting = get(`${serving.apiUrl}/test/status/${runId}?wait=60&stage=ai_fetching`);
    // It has a connection of its own to open; after some round trips on others it has arrived.
    for (let times = 0; times < 3; times++) await get(`${serving.apiUrl}/health`);
    serving.child.kill('SIGTERM');
    expect((await waiting).body.stage).toBe('ai_fetching');
    expect(await serving.ended).toBe(0);
    expect(serving.log()).not.toContain(KEY);
  }, 60_000);

  it('asks for tokens where there are some', async () => {
    const { baseUrl } = await provider(() => 'whole');
    const { apiUrl } = await serveAsProcess(
      scratch(),
      told(baseUrl, { CATENA_GRPC_TOKENS: 'reader:r-000000000000000,submitter:s-000000000000000' }),
    );
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    expect((await post(apiUrl, SUBMISSION)).status).toBe(401);
    expect((await post(apiUrl, SUBMISSION, bearer('r-000000000000000'))).status).toBe(403);
    expect((await post(apiUrl, SUBMISSION, bearer('s-000000000000000'))).status).toBe(200);
    expect((await get(`${apiUrl}/api/test-history?userOpenid=u`, bearer('r-000000000000000'))).status).toBe(200);
  }, 60_000);

  it.each([
    ['an address of other machines without tokens', { CATENA_API_LISTEN: '0.0.0.0:0' }, 2, 'grpc.tokens'],
    ['half a deployment', { CATENA_NATS_URL: 'nats://127.0.0.1:1' }, 2, 'cache.redis'],
    ['a file that cannot be written', { CATENA_STORE_PATH: '/dev/null/a.db' }, 5, 'store.'],
  ])(
    'ends at once with %s',
    async (_what, env, code, says) => {
      const args = ['services/catena.ts', 'serve', 'libs/brand/module/brand-diagnosis.ts'];
      const ended = await outputOf(process.execPath, args, env);
      expect(ended).toMatchObject({ code, stderr: expect.stringContaining(says) });
    },
    60_000,
  );

  it('ends with code 2 when its address is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as { readonly port: number };
    const ended = await outputOf(process.execPath, ['services/catena.ts', 'serve'], {
      CATENA_API_LISTEN: `127.0.0.1:${port}`,
      CATENA_STORE_PATH: join(scratch(), 'a.db'),
    });
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('api.listen') });
  }, 60_000);
});
