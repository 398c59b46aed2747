import { describe, expect, it } from 'vitest';
import { type DevPlan, planProcesses, portsNeeded } from './plan.ts';

const plan: DevPlan = {
  redisUrl: 'redis://127.0.0.1:1',
  natsUrl: 'nats://127.0.0.1:2',
  databaseUrl: 'postgres://catena@127.0.0.1:3/postgres',
  modules: ['/a.ts', '/b.ts'],
  processes: 1,
  listen: '127.0.0.1:4950',
  ports: [11, 12, 13, 14],
  settings: { lease_ms: '9000', 'log.format': 'pretty' },
  allowsPrivateTargets: true,
};

describe('the processes of a deployment on this machine', () => {
  it('are one of each service, ingress last and told where the others are', () => {
    const planned = planProcesses(plan);
    expect(planned.map(({ name }) => name)).toEqual([
      'module-processor',
      'error-threshold',
      'downloader',
      'parser',
      'ingress',
    ]);
    expect(planned.at(-1)!.env).toEqual({
      CATENA_LEASE_MS: '9000',
      CATENA_LOG_FORMAT: 'json',
      CATENA_MODULES_ALLOW_CHANGES: 'true',
      CATENA_CACHE_REDIS: plan.redisUrl,
      CATENA_NATS_URL: plan.natsUrl,
      CATENA_STORE_URL: plan.databaseUrl,
      CATENA_MODULES_FILES: '/a.ts,/b.ts',
      CATENA_GRPC_MODULE_PROCESSOR: '127.0.0.1:11',
      CATENA_GRPC_ERROR_THRESHOLD: '127.0.0.1:12',
      CATENA_GRPC_LISTEN: '127.0.0.1:4950',
      CATENA_METRICS_LISTEN: 'http://127.0.0.1:0',
      CATENA_HTTP_DENY_PRIVATE_TARGETS: 'false',
    });
  });

  it('may be several of each, at addresses of their own', () => {
    const ports = Array.from({ length: portsNeeded(2) }, (_, at) => 100 + at);
    const planned = planProcesses({ ...plan, processes: 2, ports, modules: [], allowsPrivateTargets: false });
    const addresses = planned.map(({ env }) => env.CATENA_GRPC_LISTEN);
    expect(new Set(addresses).size).toBe(10);
    expect(addresses).not.toContain('127.0.0.1:undefined');
    expect(planned.map(({ name }) => name).filter((name) => name.startsWith('ingress'))).toEqual([
      'ingress',
      'ingress-2',
    ]);
    expect(planned[0]!.env.CATENA_GRPC_MODULE_PROCESSOR).toBe('127.0.0.1:100,127.0.0.1:101');
    expect(planned[0]!.env).not.toHaveProperty('CATENA_MODULES_FILES');
    expect(planned[0]!.env).not.toHaveProperty('CATENA_HTTP_DENY_PRIVATE_TARGETS');
  });
});
