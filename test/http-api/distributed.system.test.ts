/** The HTTP API in distributed mode: the same routes over Redis, NATS and PostgreSQL, in processes of their own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deepIntelligenceBodySchema, statusBodySchema } from '../../libs/brand/status/bodies.ts';
import { startProvider, type TestProvider } from '../brand-flow/provider.ts';
import { type Deployment, startDeployment } from '../fixtures/deployment/deployment.ts';
import { follow, get, KEY, KEY_NAME, outputOf, post, postFrom, SUBMISSION, writeRegistry } from './serving.ts';

const POLL = join(import.meta.dirname, '../../examples/http-api/poll.py');
const MODULE = join(import.meta.dirname, '../../libs/brand/module/brand-diagnosis.ts');
const TOKENS = 'reader:r-000000000000000,submitter:s-000000000000000';
const WRITES = { authorization: 'Bearer s-000000000000000' };
const READS = { authorization: 'Bearer r-000000000000000' };

const folder = mkdtempSync(join(tmpdir(), 'catena-http-system-'));
let provider: TestProvider;
let deployment: Deployment;
let apiUrls: string[];

beforeAll(async () => {
  provider = await startProvider(() => 'whole');
  deployment = await startDeployment({
    modules: [MODULE],
    // Two processes of all stages: a run that one has taken is answered by the other.
    services: ['all', 'all'],
    env: {
      [KEY_NAME]: KEY,
      CATENA_DOWNLOADER_SECRETS: KEY_NAME,
      CATENA_BRAND_PROVIDERS: writeRegistry(folder, provider.baseUrl),
      CATENA_API_LISTEN: '127.0.0.1:0',
      CATENA_API_SUBMISSIONS_PER_MINUTE: '3',
      CATENA_GRPC_TOKENS: TOKENS,
    },
  });
  apiUrls = deployment.services.map(({ log }) => log.find(({ msg }) => msg === 'ready')?.api as string);
}, 180_000);
afterAll(async () => {
  await deployment?.stop();
  await provider?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the HTTP API of a deployment', () => {
  it('answers in any process, from the submission to the deep intelligence (B11–B18)', async () => {
    const [one = '', other = ''] = apiUrls;
    expect(one).not.toBe(other);
    const submitted = await post(one, SUBMISSION, { ...WRITES, 'idempotency-key': 'k-1' });
    expect([submitted.status, submitted.body.status]).toEqual([200, 'success']);
    const runId = submitted.body.execution_id as string;
    const again = await post(other, SUBMISSION, { ...WRITES, 'idempotency-key': 'k-1' });
    expect(again.body.execution_id).toBe(runId);

    const { last } = await follow(other, runId, READS);
    expect(statusBodySchema.parse(last.body)).toMatchObject({ stage: 'completed', results: { length: 4 } });
    const deep = await get(`${one}/api/deep-intelligence/${runId}`, READS);
    expect(deepIntelligenceBodySchema.parse(deep.body)).toEqual(deep.body);
    const progress = await get(`${one}/api/test-progress?executionId=${runId}`, READS);
    expect(progress.body).toMatchObject({ is_synced: true, sync_check: { completion_verified: true } });
    const history = await get(`${other}/api/test-history?userOpenid=${SUBMISSION.userOpenid}`, READS);
    expect(history.body).toMatchObject({ count: 1, history: [{ execution_id: runId, status: 'completed' }] });
    expect(provider.calls).toHaveLength(4);
    expect(JSON.stringify(deployment.services.map(({ log }) => log))).not.toContain(KEY);
  });

  it('asks for tokens', async () => {
    const [one = ''] = apiUrls;
    expect((await post(one, SUBMISSION)).status).toBe(401);
    expect(await postFrom(one, { host: 'evil.example', origin: 'http://evil.example' })).toBe(401);
    expect((await post(one, SUBMISSION, READS)).status).toBe(403);
    expect((await get(`${one}/health`)).status).toBe(200);
  });

  it('is followed by the example in Python (B19)', async () => {
    const args = [POLL, apiUrls[1] ?? '', '海澜鞋业,云步', 'qwen,zhipu', '推荐几款跑鞋？哪些耐磨？'];
    const { stdout, stderr, code } = await outputOf('python3', args, { CATENA_TOKEN: 's-000000000000000' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('completed 100 % (4 answers)') });
    expect(deepIntelligenceBodySchema.parse(JSON.parse(stdout)).brand_scores).toHaveProperty('海澜鞋业');
  });

  it('limits the submissions of a client to each process', async () => {
    const [one = '', other = ''] = apiUrls;
    const statuses = [];
    for (let times = 0; times < 4; times++) statuses.push((await post(one, SUBMISSION, WRITES)).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await get(`${other}/health`)).status).toBe(200);
  });

  it('is answered in full by a process that was started after the run had ended (B10)', async () => {
    const [one = ''] = apiUrls;
    const { body } = await get(`${one}/api/test-history?userOpenid=${SUBMISSION.userOpenid}&limit=100`, READS);
    const runId = body.history.at(-1).execution_id as string;
    const standing = await get(`${one}/test/status/${runId}`, READS);
    const late = await deployment.start('all');
    const lateUrl = late.log.find(({ msg }) => msg === 'ready')?.api as string;
    expect((await get(`${lateUrl}/test/status/${runId}`, READS)).body).toEqual(standing.body);
    expect(await late.stop()).toBe(0);
  });
});
