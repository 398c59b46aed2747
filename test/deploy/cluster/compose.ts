/**
 * Rehearses the compose file without Docker: each of our services, and each server that Debian has, is started with the very command,
 * environment and mounted files of the file. Exit code 0 when all are healthy and a run went through. Never run here: Jaeger and
 * Grafana, and the script by which the image of PostgreSQL makes its first database.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseDocument } from 'yaml';
import { ChaosNetwork } from '../../chaos/network.ts';
import { type Image, imageIn } from './image.ts';
import { Pod } from './pod.ts';
import type { PodSpec } from './pod-spec.ts';
import { runRehearsal } from './rehearsal.ts';
import { collect, ROWS, startSite } from './sample-run.ts';

const FILE = join(import.meta.dirname, '../../../deploy/compose/compose.yaml');
const NEVER_RUN = ['jaeger', 'grafana'];
const READY_MS = 180_000;
const POSTGRES = '/var/lib/postgresql/data';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

const { values } = parseArgs({ options: { app: { type: 'string' } } });
await runRehearsal({ program: import.meta.filename, args: [], app: values.app, rehearse });

async function rehearse(app: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'catena-compose-'));
  const closing: (() => unknown)[] = [() => rm(scratch, { recursive: true, force: true })];
  try {
    const services = await readServices();
    const names = Object.keys(services).filter((name) => !NEVER_RUN.includes(name));
    const network = await ChaosNetwork.open(names.length);
    closing.push(() => network.close());
    const hosts = join(scratch, 'hosts');
    const lines = names.map((name, at) => `${network.stations[at]!.address} ${name}`);
    await writeFile(hosts, `127.0.0.1 localhost\n${lines.join('\n')}\n`);
    const site = await startSite();
    closing.push(() => site.close());
    const pods = new Map<string, Pod>();
    for (const [at, name] of names.entries()) {
      const service = services[name]!;
      const isOurs = service.image.startsWith('catena:');
      const image = isOurs ? await imageIn(app) : await serverImage(app, name, service);
      const spec = await specOf(service, isOurs);
      const place = { image, station: network.stations[at]!, hosts, scratch, data: noData };
      const pod = await Pod.start(name, spec, place);
      pods.set(name, pod);
      closing.push(() => pod.kill());
    }
    for (const [name, pod] of pods) {
      const { healthcheck } = services[name]!;
      if (healthcheck === undefined) continue;
      await untilHealthy(pod, healthcheck.test.slice(1), [...pods.values()]);
      process.stderr.write(`${name} is healthy\n`);
    }
    const { CATENA_GRPC_TOKENS = '' } = services.ingress!.environment ?? {};
    const token = /operator:([^,]+)/.exec(CATENA_GRPC_TOKENS)?.[1] ?? '';
    const rows = await collect({ address: pods.get('ingress')!.address, token, base: site.url, scratch });
    if (rows !== ROWS) throw new Error(`${rows} rows, not ${ROWS}`);
    const up = await targetsUp(pods.get('prometheus')!.address);
    if (up !== 5) throw new Error(`Prometheus reads ${up} services, not 5`);
    process.stderr.write(`${rows} rows; Prometheus reads ${up} services\n`);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** With the defaults of its variables. */
async function readServices(): Promise<Readonly<Record<string, Service>>> {
  const text = (await readFile(FILE, 'utf8')).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
  const { services } = parseDocument(text, { merge: true }).toJSON() as { readonly services: Record<string, Service> };
  return services;
}

async function specOf(service: Service, isOurs: boolean): Promise<PodSpec> {
  const volumes: NonNullable<PodSpec['volumes']>[number][] = [];
  const volumeMounts: { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[] = [];
  for (const [at, mount] of [
    ...(service.volumes ?? []),
    ...(service.tmpfs ?? []).map((path) => `:${path}`),
  ].entries()) {
    const [source = '', path = '', mode] = mount.split(':');
    const name = `volume-${at}`;
    const isFile = source.startsWith('.');
    volumes.push(isFile ? { name, hostPath: { path: resolve(dirname(FILE), source) } } : { name, emptyDir: {} });
    volumeMounts.push({ name, mountPath: path, readOnly: mode === 'ro' });
  }
  // The site of the rehearsal has a private address, which no deployment may ask unless it is told so.
  const more = isOurs ? { CATENA_HTTP_DENY_PRIVATE_TARGETS: 'false' } : {};
  const env = Object.entries({ ...service.environment, ...more }).map(([name, value]) => ({ name, value }));
  const { image, command: args } = service;
  return {
    containers: [
      {
        ...{ image, env, volumeMounts },
        ...(args === undefined ? {} : { args }),
        securityContext: { readOnlyRootFilesystem: service.read_only === true },
      },
    ],
    volumes,
  };
}

/** Debian's program in place of the image's, with what the image's entrypoint does before it. */
async function serverImage(app: string, name: string, { environment = {} }: Service): Promise<Image> {
  const user = { uid: 10_001, gid: 10_001 };
  switch (name) {
    case 'redis':
      return { app, environment: {}, entrypoint: [], user };
    case 'nats':
    case 'prometheus':
      return { app, environment: {}, entrypoint: [name === 'nats' ? '/usr/sbin/nats-server' : 'prometheus'], user };
    case 'postgres': {
      const { POSTGRES_USER: owner, POSTGRES_PASSWORD: password, POSTGRES_DB: database } = environment;
      const script = [
        'bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)',
        `printf %s '${password}' > /tmp/password`,
        `$bin/initdb -D ${POSTGRES}/data -U ${owner} -A scram-sha-256 --pwfile=/tmp/password --no-sync`,
        `echo 'host all all all scram-sha-256' >> ${POSTGRES}/data/pg_hba.conf`,
        `echo 'create database ${database}' | $bin/postgres --single -D ${POSTGRES}/data postgres`,
        `exec $bin/postgres -D ${POSTGRES}/data -h 0.0.0.0 -k /tmp`,
      ];
      return { app, environment: {}, entrypoint: ['sh', '-ec', script.join('\n')], user: await userOf('postgres') };
    }
    default:
      throw new Error(`nothing is known of the image of ${name}`);
  }
}

async function userOf(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((each) => each.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`there is no user ${name}: install postgresql`);
  const [, , uid, gid] = line.split(':').map(Number);
  return { uid: uid!, gid: gid! };
}

async function untilHealthy(pod: Pod, check: readonly string[], all: readonly Pod[]): Promise<void> {
  const untilMs = performance.now() + READY_MS;
  for (;;) {
    const failed = await pod.exec(check).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    if (failed === undefined) return;
    for (const { name, hasEnded, log } of all) if (hasEnded) throw new Error(`${name} has ended: ${log.join('')}`);
    if (performance.now() > untilMs) {
      throw new Error(`${pod.name} is not healthy: ${failed.message}\n${pod.log.join('')}`);
    }
    await sleep(500);
  }
}

/** The services whose metrics Prometheus has read; it looks every five seconds. */
async function targetsUp(address: string): Promise<number> {
  const untilMs = performance.now() + READY_MS;
  for (;;) {
    const response = await fetch(`http://${address}:9090/api/v1/query?query=up`).catch(() => undefined);
    const body = (await response?.json()) as { data: { result: { value: [number, string] }[] } } | undefined;
    const up = body?.data.result.filter(({ value: [, text] }) => text === '1').length ?? 0;
    if (up >= 5 || performance.now() > untilMs) return up;
    await sleep(1_000);
  }
}

function noData(): never {
  throw new Error('the compose file mounts files, not ConfigMaps');
}
