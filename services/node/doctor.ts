/** `catena doctor`: examines the servers of the settings, and this process. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checkNats } from '../../libs/bus/nats/check-nats.ts';
import { connectNats } from '../../libs/bus/nats/connect.ts';
import { accessWarnings } from '../../libs/config/access-warnings.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import { addLatency, type Finding, Findings } from '../../libs/config/finding.ts';
import type { LoadedConfig } from '../../libs/config/load-config.ts';
import { configuredRedis } from '../../libs/coordination/redis/connection/address.ts';
import { examineRedis } from '../../libs/coordination/redis/examine.ts';
import { CatenaError, toCatenaError } from '../../libs/errors/catena-error.ts';
import { examinePostgres } from '../../libs/store/postgres/examine.ts';
import { MAX_MESSAGE_BYTES } from './backends.ts';
import { NATS_STORAGE_BYTES } from './server-checks.ts';

const LEAST_NODE = 24;
const LEAST_FREE_BYTES = 1_024 * 1_024 * 1_024;
const NATS_ROUND_TRIPS = 20;

/** Never rejects: a server that does not answer is a finding. */
export async function examineDeployment({
  config,
  mode,
}: Pick<LoadedConfig, 'config' | 'mode'>): Promise<readonly Finding[]> {
  const own = await examineProcess(config, mode);
  if (mode === 'single_node') return own;
  const { durability, replicas } = config.cache;
  const isStrict = durability === 'strict';
  const { url, connections, timeoutMs } = config.store;
  const servers = await Promise.all([
    answeredBy('Redis', () => examineRedis(configuredRedis(config), { isStrict, replicas }, silentRedis)),
    answeredBy('NATS', () => examineNats(config)),
    answeredBy('PostgreSQL', () =>
      examinePostgres({ url: url!, connections, timeoutMs }, { survivesFailover: replicas > 0 }),
    ),
  ]);
  return [...own, ...servers.flat()];
}

async function examineProcess(config: Config, mode: LoadedConfig['mode']): Promise<readonly Finding[]> {
  const findings = new Findings('process');
  const { node } = process.versions;
  const isOld = Number.parseInt(node, 10) < LEAST_NODE;
  findings.add(isOld ? 'error' : 'ok', 'version', `Node ${node}`, isOld ? `use Node ${LEAST_NODE} or later` : '');
  for (const { setting, address, message, remedy } of accessWarnings(config)) {
    findings.add('warning', 'access', `${setting} ${address}: ${message}`, remedy);
  }
  const { path } = config.store;
  if (mode === 'single_node' && path !== ':memory:') await addDisk(findings, dirname(path));
  return findings.list;
}

async function addDisk(findings: Findings, folder: string): Promise<void> {
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const found = `${(free / LEAST_FREE_BYTES).toFixed(1)} GiB free in ${folder}`;
    const isFull = free < LEAST_FREE_BYTES;
    findings.add(
      isFull ? 'warning' : 'ok',
      'disk',
      found,
      isFull ? 'free some space: a full disk stops every run' : '',
    );
  } catch {
    findings.add('ok', 'disk', `${folder} does not exist yet`);
  }
}

async function examineNats(config: Config): Promise<readonly Finding[]> {
  const findings = new Findings('NATS');
  const connection = await connectNats({ url: config.nats.url!, name: 'catena-doctor' });
  try {
    const problems = await checkNats(connection, {
      replicas: config.nats.replicas,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      storageBytes: NATS_STORAGE_BYTES,
      durability: 'process',
    });
    findings.add('ok', 'version', connection.info?.version ?? 'unknown');
    for (const { severity, message, remedy } of problems) findings.add(severity, 'fitness', message, remedy);
    const tookMs: number[] = [];
    for (let times = 0; times < NATS_ROUND_TRIPS; times += 1) tookMs.push(await connection.rtt());
    addLatency(findings, tookMs);
    return findings.list;
  } finally {
    await connection.close();
  }
}

async function answeredBy(subject: string, examine: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await examine();
  } catch (thrown) {
    const { message, remedy = '', class: failureClass } = toCatenaError(thrown, 'service.failed', 'retryable');
    const severity = failureClass === 'retryable' ? 'unanswered' : 'error';
    return [{ subject, property: 'connection', found: message, severity, remedy }];
  }
}

function silentRedis(cause: unknown): CatenaError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CatenaError('coordinator.unavailable', `Redis does not answer: ${message}`, {
    class: 'retryable',
    cause,
    remedy: 'check that Redis runs and can be reached, its user and password, and cache.topology',
  });
}
