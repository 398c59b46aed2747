/**
 * Every metric that is declared moves: in a deployment of five services that works, and to which happens what operators see; or at
 * least in the part that writes it. A metric that nothing moves fails here. And Prometheus takes what the services say.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createConsistencyMonitor } from '../../libs/brand/consistency/monitor.ts';
import { systemClock } from '../../libs/clock/clock.ts';
import { subjectOf } from '../../libs/contracts/subjects.ts';
import { chainKeys, DISTRIBUTED_SHARDS, shardOf } from '../../libs/keys/keys.ts';
import { backpressureCounter, Meters, sampleBodyMemory, sampleStages } from '../../libs/stage/observe/meters.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { METRICS, type MetricDefinition } from '../../libs/telemetry/metric-names.ts';
import { Metrics } from '../../libs/telemetry/metrics.ts';
import { startWatchdog } from '../../libs/telemetry/watchdog/watchdog.ts';
import { type CountedSite, startCountedSite } from '../fixtures/deployment/counted-site.ts';
import { type Deployment, FIVE_SERVICES, startDeployment } from '../fixtures/deployment/deployment.ts';
import { submitRun } from '../fixtures/deployment/runs.ts';
import type { ServiceProcess } from '../fixtures/deployment/service-process.ts';
import { roomyMemory } from '../fixtures/roomy-memory.ts';

type Name = keyof typeof METRICS;

const MODULE = 'every-metric@1.0.0';
const PATIENT = { timeout: 60_000, interval: 100 };
/** Bound of the series of one process, `operations.md`; this deployment has few modules and hosts. */
const MAX_SERIES = 2_000;
/** Names that are older than the rule that a unit is a base unit and is not abbreviated. */
const OLD_UNITS = /use base unit|should not contain abbreviated/;

const ENVIRONMENT = {
  CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
  CATENA_LIMITS_CONCURRENCY_PER_HOST: '2',
  CATENA_ROBOTS_ENABLED: 'false',
  CATENA_LEASE_MS: '8000',
  CATENA_SWEEP_INTERVAL_MS: '200',
  CATENA_DISPATCH_GRACE_MS: '1000',
  CATENA_EXECUTION_BLOCK_TIMEOUT_MS: '2000',
  CATENA_THRESHOLDS_MODULE_ERRORS: '14',
  CATENA_THRESHOLDS_TASK_ERRORS: '1000',
  CATENA_RETENTION_FINISHED_RUN_MS: '0',
  // Nobody listens there.
  CATENA_OTEL_ENDPOINT: 'http://127.0.0.1:9',
  CATENA_ALERTS_WEBHOOK: 'http://127.0.0.1:9/hook',
  CATENA_LOG_LEVEL: 'info',
};

/** What the deployment does not bring about within seconds: the part that writes it is made to. */
const BY_PART: Partial<Record<Name, (metrics: Metrics) => unknown>> = {
  taskIngressFailed: (metrics) => metrics.counter(METRICS.taskIngressFailed).with({ kind: 'task' }).add(),
  stageQueueDepth: (metrics) => sampleStages(metrics, { ...STAGES, bus: { depth: () => 3 } }),
  suspects: (metrics) => sampleStages(metrics, STAGES),
  tasksTerminated: (metrics) => metrics.counter(METRICS.tasksTerminated).with({ by: 'threshold' }).add(),
  suspectsExecuted: (metrics) => new Meters(metrics).suspectExecuted(),
  requestPublishBackpressure: (metrics) => backpressureCounter(metrics)('sweeper', 'downloader', 'queue_full'),
  parserChainBackpressure: (metrics) => backpressureCounter(metrics)('parser', 'ingress', 'queue_full'),
  downloadResponseBackpressure: (metrics) => backpressureCounter(metrics)('downloader', 'parser', 'queue_closed'),
  bodyMemoryHeldBytes: (metrics) =>
    sampleBodyMemory(metrics, { snapshot: () => ({ ...roomyMemory().snapshot(), heldBytes: 2 }) }),
  bodyMemoryWaiting: (metrics) =>
    sampleBodyMemory(metrics, { snapshot: () => ({ ...roomyMemory().snapshot(), waiting: 2 }) }),
  statusAnswers: (metrics) => {
    const answers = metrics.counter(METRICS.statusAnswers);
    const onCheck = (level: string) => answers.with({ level }).add();
    createConsistencyMonitor({ clock: systemClock, log: silentLog, onCheck }).check({});
  },
  mainLoopBlockedMs: blockMainLoop,
  mainLoopLongestStallMs: blockMainLoop,
};

const STAGES: Parameters<typeof sampleStages>[1] = {
  bus: { depth: () => 0 },
  stages: { parser: { inFlight: 1 } },
  leases: { oldestSinceMs: () => undefined },
  solitude: { state: 'alone' },
  now: () => 0,
};

async function blockMainLoop(metrics: Metrics): Promise<void> {
  const watchdog = startWatchdog({ log: { level: 'silent', format: 'json', runtimeMode: 'single_node' }, metrics });
  await delay(1_500);
  for (const until = performance.now() + 3_000; performance.now() < until; );
  await delay(1_500);
  await watchdog.stop();
}

/** The names with a sample that is not zero. */
function moved(scrape: string): string[] {
  return scrape.split('\n').flatMap((line) => {
    const [, name, value] = /^([a-z_\d]+)(?:\{.*\})? (\S+)$/.exec(line) ?? [];
    return name === undefined || Number(value) === 0 ? [] : [name.replace(/_(?:bucket|sum)$/, '_count')];
  });
}

const sampleName = ({ name, kind }: MetricDefinition) => (kind === 'histogram' ? `${name}_count` : name);

it('every metric moves, names and values are taken by Prometheus, and no process has more series than it may', {
  timeout: 400_000,
}, async () => {
  const site = await startCountedSite(300);
  const modules = ['test/fixtures/modules/every-metric.ts'];
  const deployment = await startDeployment({ modules, env: ENVIRONMENT });
  onTestFinished(() => deployment.stop());
  const seen = new Set<string>();
  const scrapes = new Map<string, string>();
  const look = async ({ name, metricsUrl }: ServiceProcess): Promise<void> => {
    const scrape = await (await fetch(`${metricsUrl}/metrics`)).text();
    for (const each of moved(scrape)) seen.add(each);
    scrapes.set(name, scrape);
  };
  const looking = setInterval(() => {
    for (const service of deployment.services) look(service).catch(() => undefined);
  }, 100);
  onTestFinished(() => clearInterval(looking));
  const isSeen = (...names: Name[]) =>
    vi.waitFor(() => {
      const missing = names.filter((name) => !seen.has(sampleName(METRICS[name])));
      expect(missing).toEqual([]);
    }, PATIENT);

  await work(deployment, site.url);
  await isSeen(
    'costReported',
    'fallbackGateBlock',
    'deadLetters',
    'recordsDropped',
    'advanceGateLost',
    'limitsWaiting',
  );
  await isSeen(
    'breakersOpen',
    'breakersRefused',
    'budgetExhausted',
    'errorTaskTerminated',
    'workerBlockedMs',
    'runsByState',
  );
  await foreignMessage(deployment);
  await isSeen('foreignMessages');
  await loseProcesses(deployment, site);
  await isSeen('processesGone', 'leasesTakenOver', 'ptmZombieRecover', 'stateExpired');
  await earlyResponse(deployment, site.url);
  await isSeen('ptmReorderBufferSize');
  await stopRedis(deployment);
  await isSeen('redisError', 'backendErrors', 'limitsUnanswered', 'sweeperError', 'dueOldestOverdueMs');
  await loseState(deployment, site.url);
  await isSeen('stateLost', 'audits', 'auditRepairs', 'traceSpansLost', 'alerts');

  for (const [name, move] of Object.entries(BY_PART)) {
    const metrics = new Metrics();
    await move(metrics);
    expect([name, moved(metrics.expose())]).toEqual([
      name,
      expect.arrayContaining([sampleName(METRICS[name as Name])]),
    ]);
  }
  const still = Object.entries<MetricDefinition>(METRICS).filter(
    ([name, metric]) => !(name in BY_PART) && !seen.has(sampleName(metric)),
  );
  expect(still.map(([name]) => name)).toEqual([]);

  expect([...scrapes.keys()].sort()).toEqual([...FIVE_SERVICES].sort());
  for (const scrape of scrapes.values()) {
    const series = scrape.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(series.length).toBeLessThan(MAX_SERIES);
    expect(await complaints(scrape)).toEqual([]);
  }
});

/** Three runs: of all kinds of pages, of one that fails until its module is ended, and of one that costs too much. */
async function work(deployment: Deployment, base: string): Promise<void> {
  const paths = ['/ok', '/hop', '/again/1', '/again/2', '/busy', '/loop', '/throws', '/no-request'];
  await submitRun(deployment, MODULE, { base, paths });
  const failing = Array.from({ length: 20 }, (_, n) => `/throws/${n}`);
  await submitRun(deployment, MODULE, { base, paths: failing });
  await deployment.ingress.submitTask({
    ...{ modules: [MODULE], account: 'acme', platform: 'web', costCap: 0.5 },
    input: Buffer.from(JSON.stringify({ base, paths: ['/dear'] })),
  });
}

async function foreignMessage({ servers }: Deployment): Promise<void> {
  const connection = await connect({ servers: servers.nats.url });
  connection.publish(subjectOf('request', MODULE), 'no message of ours');
  await connection.drain();
}

/** One hangs, one is killed; the new one deletes what has expired. */
async function loseProcesses(deployment: Deployment, site: CountedSite): Promise<void> {
  for (const end of ['SIGSTOP', 'SIGKILL'] as const) {
    // Shorter than a lease.
    site.slowness = 2_000;
    const paths = Array.from({ length: 10 }, (_, n) => `/${end}/${n}`);
    await submitRun(deployment, MODULE, { base: site.url, paths });
    const downloader = deployment.services.findLast(({ name }) => name === 'downloader')!;
    // It waits for a page; what is refused at once is younger.
    await vi.waitFor(async () => {
      const ageMs = await executionAgeMs(downloader);
      expect(ageMs > 200 && ageMs < 1_000).toBe(true);
    }, PATIENT);
    downloader.signal(end);
    if (end === 'SIGSTOP') {
      // Its lease runs out meanwhile.
      await delay(12_000);
      downloader.signal('SIGCONT');
    } else {
      await once(downloader.child, 'close');
      await deployment.start('downloader');
    }
  }
  site.slowness = 300;
}

async function executionAgeMs({ metricsUrl }: ServiceProcess): Promise<number> {
  const scrape = await (await fetch(`${metricsUrl}/metrics`)).text();
  return Number(/^ptm_processing_age_ms (\S+)$/m.exec(scrape)?.[1]);
}

/** A response that nobody has asked for yet, as it is kept while its node does not exist. */
async function earlyResponse(deployment: Deployment, base: string): Promise<void> {
  const paths = Array.from({ length: 100 }, (_, n) => `/early/${n}`);
  const runId = await submitRun(deployment, MODULE, { base, paths });
  const redis = new Redis(deployment.servers.redis.url);
  const shard = shardOf(runId, DISTRIBUTED_SHARDS);
  await vi.waitFor(async () => expect(await redis.exists(chainKeys.run(shard, runId))).toBe(1), PATIENT);
  await redis.hset(chainKeys.reorderBuffer(shard, runId), 'early', '{}');
  redis.disconnect();
}

async function stopRedis({ servers }: Deployment): Promise<void> {
  await servers.redis.halt();
  await delay(6_000);
  await servers.redis.start();
}

/** As a failover to an empty replica does; what was lost is found and repaired. */
async function loseState(deployment: Deployment, base: string): Promise<void> {
  const paths = Array.from({ length: 100 }, (_, n) => `/lost/${n}`);
  await submitRun(deployment, MODULE, { base, paths });
  await delay(2_000);
  const redis = new Redis(deployment.servers.redis.url);
  await redis.flushall();
  redis.disconnect();
}

/** What promtool says of a scrape, but for names whose unit is not a base unit, which stay as they are. */
async function complaints(scrape: string): Promise<string[]> {
  const promtool = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  promtool.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  promtool.stdin.end(scrape);
  await once(promtool, 'close');
  return said.split('\n').filter((line) => line !== '' && !OLD_UNITS.test(line));
}
