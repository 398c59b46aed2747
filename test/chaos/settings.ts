/** Settings of the processes: short times, so that much happens in a minute, and everything else as it is by default. */
import { SHORT_BUDGETS } from '../fixtures/author-faults.ts';
import type { ChaosServers } from './servers.ts';

export const LEASE_MS = 1_500;

export function settingsOf({ redis, nats, databaseUrl }: ChaosServers, modules: readonly string[]) {
  const settings: Readonly<Record<string, string | number>> = {
    CATENA_CACHE_REDIS: redis.url,
    CATENA_CACHE_TOPOLOGY: 'sentinel',
    CATENA_NATS_URL: nats.url,
    CATENA_NATS_REPLICAS: nats.members.length,
    CATENA_STORE_URL: databaseUrl,
    CATENA_STORE_CONNECTIONS: 4,
    CATENA_MODULES_FILES: modules.join(','),
    // The network is the run's own.
    CATENA_ACCESS_ALLOW_UNPROTECTED: 'true',
    CATENA_LOG_LEVEL: 'info',
    CATENA_HTTP_DENY_PRIVATE_TARGETS: 'false',
    CATENA_ROBOTS_ENABLED: 'false',
    CATENA_LIMITS_REQUESTS_PER_SECOND: 0,
    CATENA_LIMITS_CONCURRENCY_PER_HOST: 0,

    CATENA_LEASE_MS: LEASE_MS,
    CATENA_SWEEP_INTERVAL_MS: 100,
    CATENA_DISPATCH_GRACE_MS: 1_000,
    CATENA_RESPONSE_GRACE_MS: 2_000,
    CATENA_DECISION_GRACE_MS: 1_000,
    // A page fails twice by itself; what faults add to that must not use up its attempts or its crashes.
    CATENA_RETRY_ATTEMPTS: 20,
    CATENA_RETRY_BASE_DELAY_MS: 50,
    CATENA_RETRY_MAX_DELAY_MS: 500,
    CATENA_RETRY_CRASH_BUDGET: 50,
    CATENA_BLOB_THRESHOLD_BYTES: 8_192,
    ...SHORT_BUDGETS,
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}
