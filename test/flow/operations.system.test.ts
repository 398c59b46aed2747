/**
 * What servers, orchestrators and operators do to a deployment of real processes, and that nothing which waits is done again, that
 * nobody waits long for what a dead process held, and that the deployment tells the truth about itself.
 */
import { once } from 'node:events';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HealthDefinition } from '../../libs/contracts/rpc.ts';
import { createGrpcClient } from '../../libs/transport/grpc/client.ts';
import { startCountedSite } from '../fixtures/deployment/counted-site.ts';
import {
  type Deployment,
  FIVE_SERVICES,
  type ServiceName,
  startDeployment,
} from '../fixtures/deployment/deployment.ts';
import { closedRun, itemsOfRun, submitRun } from '../fixtures/deployment/runs.ts';
import type { ServiceProcess } from '../fixtures/deployment/service-process.ts';

const PAGES = 'test/fixtures/modules/pages.ts';
const PATIENT = { timeout: 60_000, interval: 50 };
const TEST_TIMEOUT_MS = 240_000;

/** No limits, and no robots.txt that would be counted. */
const QUICK = {
  CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
  CATENA_LIMITS_CONCURRENCY_PER_HOST: '0',
  CATENA_ROBOTS_ENABLED: 'false',
};

async function deploy(env: Record<string, string> = {}, services?: readonly ServiceName[]): Promise<Deployment> {
  const deployment = await startDeployment({
    modules: [PAGES],
    env: { ...QUICK, ...env },
    ...(services === undefined ? {} : { services }),
  });
  onTestFinished(() => deployment.stop());
  return deployment;
}

function processOf({ services }: Deployment, name: ServiceName): ServiceProcess {
  return services.find((each) => each.name === name)!;
}

async function kill(process: ServiceProcess): Promise<void> {
  const gone = once(process.child, 'exit');
  process.signal('SIGKILL');
  await gone;
}

/** A metric's samples, by their labels as they are written. */
async function metric({ metricsUrl }: ServiceProcess, name: string): Promise<Record<string, number>> {
  const lines = (await (await fetch(`${metricsUrl}/metrics`)).text()).split('\n');
  const samples = lines.flatMap((line) => {
    const [, labels = '', value] = new RegExp(`^${name}(?:\\{(.*)\\})? (.+)$`).exec(line) ?? [];
    return value === undefined ? [] : [[labels, Number(value)] as const];
  });
  return Object.fromEntries(samples);
}

async function explained({ ingress }: Deployment, runId: string): Promise<string> {
  const { reasons } = await ingress.explainRun({ runId });
  return reasons.map(({ code, text }) => `${code}: ${text}`).join('\n');
}

describe('what waits', { timeout: TEST_TIMEOUT_MS }, () => {
  it('O6: responses that wait for parsers who are away are not downloaded again', async () => {
    const site = await startCountedSite();
    const env = { CATENA_RESPONSE_GRACE_MS: '1000', CATENA_DISPATCH_GRACE_MS: '1000' };
    const deployment = await deploy(env, ['module-processor', 'error-threshold', 'downloader', 'ingress']);
    const runId = await submitRun(deployment, 'pages', { base: site.url, pages: 47 });
    await vi.waitFor(() => expect(site.total).toBe(47), PATIENT);
    // Five times as long as a response may wait before somebody looks for it.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(site.total).toBe(47);
    expect(await explained(deployment, runId)).toMatch(
      /no_consumer: 47 nodes wait for parser, but no process hosts it/,
    );
    await deployment.start('parser');
    expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 47, dead: 0 });
    expect(site.total).toBe(47);
  });

  it('O6: responses whose stream was purged are downloaded again, since nothing waits any more', async () => {
    const site = await startCountedSite();
    const env = { CATENA_RESPONSE_GRACE_MS: '1000', CATENA_DISPATCH_GRACE_MS: '1000' };
    const deployment = await deploy(env, ['module-processor', 'error-threshold', 'downloader', 'ingress']);
    const runId = await submitRun(deployment, 'pages', { base: site.url, pages: 5 });
    await vi.waitFor(() => expect(site.total).toBe(5), PATIENT);
    await purge(deployment.servers.nats.url, 'CHAIN_RESPONSE');
    await vi.waitFor(() => expect(site.total).toBe(10), PATIENT);
    await deployment.start('parser');
    expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 5, dead: 0 });
  });

  it('O7: a full queue of responses makes downloaders wait, counts that, and throws no page away', async () => {
    const site = await startCountedSite();
    const env = {
      CATENA_NATS_QUEUE_CAPACITY: '20',
      CATENA_RESPONSE_GRACE_MS: '2000',
      CATENA_DOWNLOAD_CONCURRENCY: '8',
    };
    const deployment = await deploy(env, ['module-processor', 'error-threshold', 'downloader', 'ingress']);
    const runId = await submitRun(deployment, 'pages', { base: site.url, pages: 100 });
    const downloader = processOf(deployment, 'downloader');
    await vi.waitFor(async () => {
      expect(await metric(downloader, 'download_response_backpressure_total')).toMatchObject({
        'queue="parser",reason="queue_full"': expect.any(Number),
      });
    }, PATIENT);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(site.total).toBeLessThan(100);
    await deployment.start('parser');
    expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 100, dead: 0 });
    expect([site.total, site.asked.size]).toEqual([100, 100]);
  });
});

describe('a process that stops', { timeout: TEST_TIMEOUT_MS }, () => {
  it('O8: finishes what ends within grpc.drain_ms, and nothing is asked for twice', async () => {
    const site = await startCountedSite(12_000);
    const env = { CATENA_GRPC_DRAIN_MS: '20000', CATENA_HTTP_TOTAL_TIMEOUT_MS: '60000' };
    const deployment = await deploy(env);
    const runId = await submitRun(deployment, 'pages', { base: site.url, pages: 4 });
    await vi.waitFor(() => expect(site.total).toBe(4), PATIENT);
    await deployment.start('downloader');
    expect(await processOf(deployment, 'downloader').stop()).toBe(0);
    expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 4, dead: 0 });
    expect(site.total).toBe(4);
  });

  it('O8: hands back what does not end in time, says so, and another process goes on at once', async () => {
    const site = await startCountedSite(600_000);
    const env = { CATENA_GRPC_DRAIN_MS: '500', CATENA_HTTP_TOTAL_TIMEOUT_MS: '600000', CATENA_LEASE_MS: '120000' };
    const deployment = await deploy(env);
    const runId = await submitRun(deployment, 'pages', { base: site.url, pages: 4 });
    await vi.waitFor(() => expect(site.total).toBe(4), PATIENT);
    site.slowness = 0;
    await deployment.start('downloader');
    const stopped = processOf(deployment, 'downloader');
    expect(await stopped.stop()).toBe(0);
    // A lease lasts two minutes: only one that was handed back lets the run end now.
    expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 4, dead: 0 });
    expect(stopped.log).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/hands it back/), leases: 4 }),
    );
  });
});

describe('a process that is killed', { timeout: TEST_TIMEOUT_MS }, () => {
  it.each(['downloader', 'parser', 'module-processor', 'all'] as const)(
    'O14: %s: what waited in it, and what it held, goes on elsewhere within seconds',
    async (name) => {
      const site = await startCountedSite(300);
      // Were it for leases and grace times alone, the run would stand still for two minutes.
      const env = {
        CATENA_LEASE_MS: '120000',
        CATENA_DISPATCH_GRACE_MS: '120000',
        CATENA_LIMITS_CONCURRENCY_PER_HOST: '20',
      };
      const deployment = await deploy(env, name === 'all' ? ['all', 'all'] : [name, ...FIVE_SERVICES]);
      const runId = await submitRun(deployment, 'pages', { base: site.url, pages: 400 });
      await vi.waitFor(() => expect(site.total).toBeGreaterThan(60), PATIENT);
      const killedAtMs = performance.now();
      await kill(processOf(deployment, name));
      const { end } = await closedRun(deployment, runId);
      expect(end).toMatchObject({ items: 400, dead: 0 });
      expect(await itemsOfRun(deployment, runId)).toHaveLength(400);
      expect(performance.now() - killedAtMs).toBeLessThan(60_000);
    },
  );
});

describe('health', { timeout: TEST_TIMEOUT_MS }, () => {
  it('O5: a process whose backend is away is not ready, says why, lives on, and is ready again', async () => {
    const deployment = await deploy({}, ['module-processor', 'error-threshold', 'parser', 'ingress']);
    const parser = processOf(deployment, 'parser');
    const ask = async (path: string) => {
      const answer = await fetch(parser.metricsUrl + path);
      return { status: answer.status, text: await answer.text() };
    };
    const client = createGrpcClient(HealthDefinition, {
      ...{ target: `127.0.0.1:${parser.port}`, deadlineMs: 5_000, maxMessageBytes: 100_000 },
    });
    onTestFinished(() => client.close());
    const served = async (service: string) => (await client.calls.check({ service })).status;
    await vi.waitFor(async () => expect((await ask('/readyz')).status).toBe(200), PATIENT);
    expect([await served(''), await served('parser'), await served('redis'), await served('live')]).toEqual([
      1, 1, 1, 1,
    ]);

    const { redis, nats } = deployment.servers;
    await redis.halt();
    await vi.waitFor(
      async () => expect(await ask('/readyz')).toMatchObject({ status: 503, text: /^redis: /m }),
      PATIENT,
    );
    expect([await served(''), await served('parser'), await served('redis'), await served('nats')]).toEqual([
      2, 2, 2, 1,
    ]);
    expect([(await ask('/livez')).status, await served('live')]).toEqual([200, 1]);
    await redis.start();
    await vi.waitFor(async () => expect((await ask('/readyz')).status).toBe(200), PATIENT);

    await nats.halt();
    await vi.waitFor(
      async () => expect(await ask('/readyz')).toMatchObject({ status: 503, text: /^nats: /m }),
      PATIENT,
    );
    await nats.resume();
    await vi.waitFor(async () => expect(await served('parser')).toBe(1), PATIENT);
    expect(parser.child.exitCode).toBeNull();
  });

  it('O4: starts beside services whose variables look like settings', async () => {
    const deployment = await deploy(
      {
        CATENA_INGRESS_SERVICE_HOST: '10.0.0.7',
        CATENA_INGRESS_PORT: 'tcp://10.0.0.7:4950',
        CATENA_NATS_PORT_4222_TCP_PORT: '4222',
      },
      ['all'],
    );
    expect(deployment.services).toHaveLength(1);
  });
});

describe('who consumes', { timeout: TEST_TIMEOUT_MS }, () => {
  it('O10: explain and metrics say that no downloader runs, or none with the module, and who holds what', async () => {
    const site = await startCountedSite(3_000);
    const deployment = await deploy({}, ['module-processor', 'error-threshold', 'parser', 'ingress']);
    const runId = await submitRun(deployment, 'pages', { base: site.url, pages: 3 });
    await vi.waitFor(async () => {
      expect(await explained(deployment, runId)).toMatch(
        /no_consumer: 3 nodes wait for downloader, but no process hosts/,
      );
    }, PATIENT);
    const ingress = processOf(deployment, 'ingress');
    const hosted = () => metric(ingress, 'catena_processes');
    expect(await hosted()).toMatchObject({ 'stage="parser"': 1, 'stage="downloader"': 0 });

    await deployment.start('downloader');
    await vi.waitFor(async () => expect(await hosted()).toMatchObject({ 'stage="downloader"': 1 }), PATIENT);
    await vi.waitFor(async () => {
      expect(await explained(deployment, runId)).toMatch(
        /leased: 3 nodes are being executed, by catena-downloader@\S+:\d+;/,
      );
    }, PATIENT);
    expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 3 });
  });
});

it('O11: idle processes cost little', { timeout: TEST_TIMEOUT_MS }, async () => {
  const deployment = await deploy();
  const { redis } = deployment.servers;
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  const operations = async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))![1]);
  // What was done at the start has become quiet.
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  const before = await operations();
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  const perSecond = ((await operations()) - before) / ((performance.now() - startMs) / 1_000);
  // Five processes that looked at every shard in every round would be at more than a thousand.
  expect(perSecond).toBeLessThan(100);
});

async function purge(url: string, stream: string): Promise<void> {
  const connection = await connect({ servers: url });
  await (await jetstreamManager(connection)).streams.purge(stream);
  await connection.close();
}
