/**
 * Rehearses a deployment of the chart without a cluster: its rendered pods are executed against a real Redis, NATS and PostgreSQL. A run
 * goes through while a pod is killed and a Deployment is rolled. Exit code 0 when everything was as it should be.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { ChaosNetwork } from '../../chaos/network.ts';
import { startNatsServer } from '../../fixtures/servers/nats-server.ts';
import { startPostgres } from '../../fixtures/servers/postgres-server.ts';
import { startRedisServer } from '../../fixtures/servers/redis-server.ts';
import { CHART, helm } from '../helm.ts';
import type { KubernetesObject } from '../kubernetes-objects.ts';
import { Cluster } from './cluster.ts';
import { imageIn } from './image.ts';
import { runRehearsal } from './rehearsal.ts';
import { collect, MODULE, ROWS, startSite } from './sample-run.ts';

const ADDRESSES = 14;
const OPERATOR = 'operator-of-the-rehearsal';

const { values } = parseArgs({
  options: { layout: { type: 'string', default: 'services' }, app: { type: 'string' } },
});
await runRehearsal({
  program: import.meta.filename,
  args: ['--layout', values.layout],
  app: values.app,
  fetch: () => helm('version'),
  rehearse,
});

async function rehearse(app: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'catena-cluster-'));
  const closing: (() => unknown)[] = [() => rm(scratch, { recursive: true, force: true })];
  try {
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const network = await ChaosNetwork.open(ADDRESSES);
    closing.push(() => network.close());
    const [redis, nats, postgres, site] = await Promise.all([
      startRedisServer({ appendonly: true }),
      startNatsServer(),
      startPostgres(),
      startSite(),
    ]);
    closing.push(
      () => redis.stop(),
      () => nats.stop(),
      () => postgres.stop(),
      () => site.close(),
    );
    const image = await imageIn(app);
    const cluster = new Cluster({ network, image, scratch, onProgress: say });
    closing.push(() => cluster.close());
    cluster.putSecret('catena', {
      redis: redis.url,
      nats: nats.url,
      postgres: await postgres.newDatabase(),
      'grpc-tokens': `operator:${OPERATOR},service:service-of-the-rehearsal`,
      'grpc-token': 'service-of-the-rehearsal',
      'metrics-token': 'reader-of-the-rehearsal',
    });
    await cluster.apply(await rendered(scratch, 'info'));
    say(`${cluster.pods().length} pods are ready`);
    const keeping = cluster.keepUp();
    const entrance = values.layout === 'all' ? 'demo-all' : 'demo-ingress';
    const run = collect({
      address: cluster.pods(entrance)[0]!.address,
      ...{ token: OPERATOR, base: site.url, scratch },
    });
    run.catch(() => {});
    await site.asked(40);
    const victim = cluster.pods(values.layout === 'all' ? 'demo-all' : 'demo-parser').at(-1)!;
    await victim.kill();
    say(`${victim.name} was killed`);
    await site.asked(120);
    // The log level is a setting, so all pods are replaced.
    await cluster.apply(await rendered(scratch, 'warn'));
    say('all pods were replaced');
    const rows = await run;
    await keeping();
    if (rows !== ROWS) throw new Error(`${rows} rows, not ${ROWS}`);
    const ends = await cluster.stop();
    const unwell = ends.filter(({ code, wasKilled }) => code !== 0 || wasKilled);
    if (unwell.length > 0) throw new Error(`${unwell.length} pods did not end well`);
    say(
      `${rows} rows; ${ends.length} pods ended well, the slowest after ${Math.round(Math.max(...ends.map(({ tookMs }) => tookMs)))} ms`,
    );
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function rendered(scratch: string, level: string): Promise<KubernetesObject[]> {
  const file = join(scratch, 'values.yaml');
  const module = await readFile(MODULE, 'utf8');
  await writeFile(
    file,
    JSON.stringify({
      layout: values.layout,
      modules: { load: ['shop.ts'], files: { 'shop.ts': module } },
      settings: {
        log: { level },
        // The site of the rehearsal has a private address.
        http: { deny_private_targets: false },
        // The servers of the rehearsal share a small disk.
        nats: { stream_max_bytes: 33_554_432, event_max_bytes: 33_554_432 },
        limits: { requests_per_second: 40, concurrency_per_host: 8 },
      },
      services: { ingress: { replicas: 1 }, 'module-processor': { replicas: 1 }, 'error-threshold': { replicas: 1 } },
    }),
  );
  const text = await helm('template', 'demo', CHART, '--namespace', 'default', '--values', file);
  return parseAllDocuments(text).flatMap((document) =>
    document.contents === null ? [] : [document.toJSON() as KubernetesObject],
  );
}
