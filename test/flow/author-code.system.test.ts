/**
 * Functions of authors that fail or take long, in the workers of real service processes: whichever function it is, its node ends by its
 * name, every other page is there, and nobody loses a lease. See the field cases E1, E5, E6, E7, E10 and E12.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HealthDefinition, ServingStatus } from '../../libs/contracts/rpc.ts';
import { ParserDefinition, type Run } from '../../libs/contracts/services.ts';
import { createGrpcClient, type GrpcClient } from '../../libs/transport/grpc/client.ts';
import { CatenaProcesses, FIXTURES } from '../../services/catena-processes.fixture.ts';
import { type Deployment, startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, itemsOfRun, submitRun } from '../fixtures/deployment/runs.ts';

const MODULES = ['test/fixtures/modules/fault-anywhere.ts', 'test/fixtures/modules/faults.ts'];
/** Shorter than what author code may take, and than what the slow functions take. */
const LEASE_MS = 1_500;
const SETTINGS = {
  CATENA_LEASE_MS: String(LEASE_MS),
  CATENA_SWEEP_INTERVAL_MS: '200',
  CATENA_EXECUTION_WORKERS: '2',
  CATENA_EXECUTION_BLOCK_TIMEOUT_MS: '4000',
  CATENA_EXECUTION_CALL_TIMEOUT_MS: '6000',
  CATENA_EXECUTION_MEMORY_MB: '200',
  CATENA_RETRY_BASE_DELAY_MS: '1',
  CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
  CATENA_LIMITS_CONCURRENCY_PER_HOST: '0',
  CATENA_ROBOTS_ENABLED: 'false',
};
const PATIENCE_MS = 240_000;

let deployment: Deployment;
let site: Server;
let base: string;

beforeAll(async () => {
  site = createServer(({ url }, response) => {
    response.writeHead(url!.startsWith('/absent') ? 404 : 200).end('<p>a page');
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  base = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  deployment = await startDeployment({ modules: MODULES, services: ['all'], env: SETTINGS });
}, 180_000);

afterAll(async () => {
  await deployment?.stop();
  site?.closeAllConnections();
  site?.close();
});

async function runOf(where: string, what: string) {
  const runId = await submitRun(deployment, 'fault-anywhere', { base, where, what });
  const run: Run = await closedRun(deployment, runId);
  const { deadLetters } = await deployment.ingress.listDeadLetters({ runId });
  const codes = deadLetters.map(({ error }) => (JSON.parse(Buffer.from(error).toString()) as { code: string }).code);
  expect(deadLetters.map(({ crashes }) => crashes)).toEqual(deadLetters.map(() => 0));
  return { run, codes, items: await itemsOfRun(deployment, runId) };
}

/** Nobody has lost a lease, and no process has ended. */
async function expectNoneHarmed(): Promise<void> {
  const [service] = deployment.services;
  expect(service!.child.exitCode).toBeNull();
  const metrics = await (await fetch(`${service!.metricsUrl}/metrics`)).text();
  expect(metrics).toContain('\nptm_zombie_recover_total 0\n');
}

describe.concurrent('E1: a function that takes longer than a lease', () => {
  it.each([
    ...['start', 'request', 'expect', 'parse', 'givenUp', 'compute'].map((where) => ({ where, what: 'slow' })),
    ...['start', 'parse', 'givenUp', 'compute'].map((where) => ({ where, what: 'slowly' })),
  ])(
    '$where, $what: every page and the join are there, executed once',
    async ({ where, what }) => {
      const { run, codes, items } = await runOf(where, what);
      expect({ codes, items }).toEqual({ codes: [], items: ['0', '1', '2', '3'] });
      expect(run.end).toMatchObject({ dead: 0 });
    },
    PATIENCE_MS,
  );
});

/** By what the node of a function ends that does so. */
const ENDS = {
  loop: 'execution.blocked',
  await: 'execution.timeout',
  exit: 'execution.exit',
  heap: 'execution.out_of_memory',
};

const FAULTS = Object.keys(ENDS).flatMap((what) =>
  // Neither a request nor an expectation can wait.
  ['request', 'expect', 'parse', 'givenUp', 'compute'].flatMap((where) =>
    what === 'await' && (where === 'request' || where === 'expect') ? [] : [{ where, what }],
  ),
);

describe.concurrent('E5, E6: a function that does not end, ends its process or fills its memory', () => {
  it.each(FAULTS)(
    '$where, $what: its node is dead by its name, and all other pages are there',
    async ({ where, what }) => {
      const { codes, items } = await runOf(where, what);
      expect(codes).toEqual([ENDS[what as keyof typeof ENDS]]);
      expect(items).toEqual(where === 'compute' ? ['0', '1', '2'] : ['1', '2', '3']);
    },
    PATIENCE_MS,
  );
});

describe.concurrent('E7: an error that no code awaits', () => {
  it.each([
    ['request', 'reject', 'request.threw'],
    ['expect', 'reject', 'parse.threw'],
    ['parse', 'reject', 'parse.threw'],
    ['givenUp', 'reject', 'parse.threw'],
    ['compute', 'reject', 'compute.threw'],
    ['parse', 'timer', 'parse.threw'],
    ['givenUp', 'timer', 'parse.threw'],
    ['compute', 'timer', 'compute.threw'],
  ])(
    '%s, %s: fails its node by %s, and all other pages are there',
    async (where, what, code) => {
      const { codes, items } = await runOf(where, what);
      expect(codes).toEqual([code]);
      expect(items).toEqual(where === 'compute' ? ['0', '1', '2'] : ['1', '2', '3']);
    },
    PATIENCE_MS,
  );
});

describe('E10: a call of Parser/Parse keeps its deadline', () => {
  const DEADLINE_MS = 2_000;
  const PATIENT_MS = 30_000;
  let parser: GrpcClient<typeof ParserDefinition>;
  let patient: GrpcClient<typeof ParserDefinition>;
  let health: GrpcClient<typeof HealthDefinition>;

  beforeAll(() => {
    const target = `127.0.0.1:${deployment.services[0]!.port}`;
    const options = { target, deadlineMs: DEADLINE_MS, maxMessageBytes: 16 * 1_024 * 1_024 };
    parser = createGrpcClient(ParserDefinition, options);
    patient = createGrpcClient(ParserDefinition, { ...options, deadlineMs: PATIENT_MS });
    health = createGrpcClient(HealthDefinition, options);
  });

  afterAll(() => {
    parser?.close();
    patient?.close();
    health?.close();
  });

  const parse = (client: typeof parser, path: string, body: string | Buffer = '<title>a page') =>
    client.calls.parse({
      ...{ module: 'faults', step: 'page', url: `http://site.test${path}`, body: Buffer.from(body) },
      state: Buffer.from(JSON.stringify({ path })),
    });

  it.each(['/loop', '/regex', '/microtasks', '/await'])(
    'DEADLINE_EXCEEDED in time, and health and other calls are answered meanwhile: %s',
    async (path) => {
      const beganMs = performance.now();
      let isOver = false;
      const call = parse(parser, path).finally(() => {
        isOver = true;
      });
      const ended = expect(call).rejects.toMatchObject({ code: 'grpc.deadline_exceeded' });
      let checks = 0;
      for (; !isOver; checks++) {
        expect((await health.calls.check({ service: '' })).status).toBe(ServingStatus.SERVING);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await ended;
      expect(checks).toBeGreaterThan(1);
      // The block budget is twice the deadline: it did not wait for that.
      expect(performance.now() - beganMs).toBeLessThan(2 * DEADLINE_MS);
      expect(await parse(patient, '/a')).toMatchObject({ failure: undefined, items: [{}] });
    },
    60_000,
  );

  it.each([
    ['closing tags that close nothing', '</p>'.repeat(65_536), 1],
    ['elements nested', '<div>'.repeat(50_000), 1],
    ['a fragment without a root', '<li><a href=x>y</a></li>'.repeat(20_000), 1],
    ['a megabyte of NULs', Buffer.alloc(1_000_000), 'parse.not_markup'],
  ])(
    'a page of a hostile shape is answered: %s',
    async (_name, body, wanted) => {
      const { items, failure } = await parse(patient, '/a', body);
      expect(failure?.code ?? items.length).toBe(wanted);
    },
    60_000,
  );
});

describe('E12: what author code prints', () => {
  const PRINTED = ['by log { a: 1 }', 'by error', 'by table', 'by the log'];

  it('is in the log of its service, with run, module, step and URL, whatever it is printed with', async () => {
    const runId = await submitRun(deployment, 'faults', { base, paths: ['/print-all'] });
    await closedRun(deployment, runId);
    const lines = deployment.services[0]!.log.filter(({ run_id, url }) => run_id === runId && url !== undefined);
    for (const text of PRINTED) {
      const line = lines.find(({ msg }) => msg.includes(text));
      expect(line, text).toMatchObject({ module_id: 'faults@1.0.0', step: 'page', url: `${base}/print-all` });
    }
    expect(lines.find(({ msg }) => msg === 'by the log')).toMatchObject({ level: 'info', answer: 42 });
    expect(lines.find(({ msg }) => msg === 'by error')).toMatchObject({ level: 'error' });
    const written = deployment.services[0]!.log.map(({ level, msg }) => `${level} ${msg}`);
    // Of what goes around the console nobody knows the call.
    for (const text of ['by stdout', 'by stderr']) expect(written.some((line) => line.includes(text))).toBe(true);
    expect(written.filter((line) => line.startsWith('raw'))).toEqual([]);
  });

  it('does not get into the data that `catena run` writes to its output', async () => {
    const processes = new CatenaProcesses();
    try {
      const input = ['--input', `base=${base}`, '--input', 'paths=["/print-all"]', '--set', 'robots.enabled=false'];
      const run = ['run', join(FIXTURES, 'faults.ts'), ...input, '-o', '-'];
      const { code, stdout, stderr } = await processes.start(run, { CATENA_LOG_LEVEL: 'info' }).ended;
      expect(code, stderr).toBe(0);
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => typeof JSON.parse(line)),
      ).toEqual(['object', 'object']);
      for (const text of [...PRINTED, 'by stdout', 'by stderr']) expect(stderr).toContain(text);
    } finally {
      await processes.dispose();
    }
  }, 60_000);
});

it('after all of it, no lease was lost and the process is the same', expectNoneHarmed);
