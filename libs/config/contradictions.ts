/** Finds settings that are valid alone but contradict each other. */
import type { ConfigProblem, Origin } from './config-problem.ts';
import { isLoopback, isLoopbackUrl } from './listen-address.ts';
import { parseRedisUrl } from './redis-url.ts';
import type { SettingKey, SettingValues } from './settings.ts';

interface Rule {
  readonly key: SettingKey;
  readonly other: SettingKey;
  readonly broken: (values: SettingValues) => boolean;
  readonly problem: (values: SettingValues) => string;
  readonly remedy: string;
}

const MIB = 1_024 * 1_024;

const RULES: readonly Rule[] = [
  {
    key: 'retry.max_delay_ms',
    other: 'retry.base_delay_ms',
    broken: (values) => values['retry.max_delay_ms'] < values['retry.base_delay_ms'],
    problem: (values) =>
      `is ${values['retry.max_delay_ms']}, less than retry.base_delay_ms, ${values['retry.base_delay_ms']}`,
    remedy: 'make the longest wait at least as long as the first',
  },
  {
    key: 'http.body_memory_mb',
    other: 'http.max_body_bytes',
    broken: (values) => values['http.body_memory_mb'] * MIB < 2 * values['http.max_body_bytes'],
    problem: (values) =>
      `is ${values['http.body_memory_mb']}, less than twice http.max_body_bytes, ${values['http.max_body_bytes']} bytes`,
    remedy: 'make room for one of the largest bodies as it is sent and decoded, or refuse such bodies',
  },
  {
    key: 'lease_ms',
    other: 'sweep_interval_ms',
    broken: (values) => values.lease_ms <= values.sweep_interval_ms,
    problem: (values) => `is ${values.lease_ms}, not more than sweep_interval_ms, ${values.sweep_interval_ms}`,
    remedy: 'make leases longer than the interval of the sweeper',
  },
  ...(['nats.url', 'store.url'] as const).flatMap((key): Rule[] => [
    {
      key,
      other: 'cache.redis',
      broken: (values) => values['cache.redis'] !== undefined && values[key] === undefined,
      problem: () => 'is not set, but cache.redis is: a distributed deployment needs both',
      remedy: `set ${key}, or unset cache.redis to run in one process`,
    },
    {
      key,
      other: 'cache.redis',
      broken: (values) => values['cache.redis'] === undefined && values[key] !== undefined,
      problem: () => 'is set, but cache.redis is not: one process would not use it',
      remedy: `set cache.redis too, or unset ${key}`,
    },
  ]),
  {
    key: 'cache.replicas',
    other: 'cache.durability',
    broken: (values) => values['cache.replicas'] > 0 && values['cache.durability'] === 'fast',
    problem: (values) => `is ${values['cache.replicas']}, but with cache.durability fast nothing waits for replicas`,
    remedy: 'set cache.durability to strict, or cache.replicas to 0',
  },
  {
    key: 'cache.redis',
    other: 'cache.topology',
    broken: ({ 'cache.redis': redis, 'cache.topology': topology }) =>
      topology === 'single' && (parseRedisUrl(redis ?? '')?.hosts.length ?? 1) > 1,
    problem: () => 'has several hosts, but cache.topology is single',
    remedy: 'set cache.topology to sentinel or cluster, or name one host',
  },
  {
    key: 'cache.redis',
    other: 'cache.topology',
    broken: ({ 'cache.redis': redis, 'cache.topology': topology }) =>
      topology === 'cluster' && (parseRedisUrl(redis ?? '')?.database ?? 0) > 0,
    problem: () => 'names a database, but a Cluster has only database 0',
    remedy: 'leave the database out',
  },
  ...(
    [
      ['cache.tls_key', 'cache.tls_cert'],
      ['cache.tls_cert', 'cache.tls_key'],
    ] as const
  ).map(
    ([key, other]): Rule => ({
      key,
      other,
      broken: (values) => values[key] === undefined && values[other] !== undefined,
      problem: () => `is not set, but ${other} is`,
      remedy: `set ${key}, or unset ${other}`,
    }),
  ),
  {
    key: 'cache.tls_ca',
    other: 'cache.redis',
    broken: ({ 'cache.redis': redis, 'cache.tls_ca': ca, 'cache.tls_cert': cert }) =>
      (ca ?? cert) !== undefined && parseRedisUrl(redis ?? '')?.isEncrypted !== true,
    problem: () => 'or cache.tls_cert is set, but cache.redis is not encrypted',
    remedy: 'begin cache.redis with rediss://, or unset the files',
  },
  {
    key: 'grpc.listen',
    other: 'grpc.tokens',
    broken: (values) =>
      !values['access.allow_unprotected'] && values['grpc.tokens'] === undefined && !isLoopback(values['grpc.listen']),
    problem: (values) => `is ${values['grpc.listen']}, which other machines may reach, but there are no grpc.tokens`,
    remedy: 'set grpc.tokens, or listen on 127.0.0.1; access.allow_unprotected opens it all the same',
  },
  {
    key: 'metrics.listen',
    other: 'metrics.token',
    broken: ({ 'metrics.listen': url, 'metrics.token': token, 'access.allow_unprotected': isAllowed }) =>
      !isAllowed && url !== undefined && token === undefined && !isLoopbackUrl(url),
    problem: (values) =>
      `is ${values['metrics.listen']}, which other machines may reach, but there is no metrics.token`,
    remedy: 'set metrics.token, or listen on 127.0.0.1; access.allow_unprotected opens it all the same',
  },
  {
    key: 'api.listen',
    other: 'grpc.tokens',
    broken: ({ 'api.listen': listen, 'grpc.tokens': tokens, 'access.allow_unprotected': isAllowed }) =>
      !isAllowed && listen !== undefined && tokens === undefined && !isLoopback(listen),
    problem: (values) => `is ${values['api.listen']}, which other machines may reach, but there are no grpc.tokens`,
    remedy: 'set grpc.tokens, or listen on 127.0.0.1; access.allow_unprotected opens it all the same',
  },
  {
    key: 'api.allowed_origins',
    other: 'grpc.tokens',
    broken: ({ 'api.allowed_origins': origins, 'grpc.tokens': tokens }) =>
      tokens === undefined && origins?.includes('*') === true,
    problem: () =>
      'is *, but there are no grpc.tokens: every page that a browser of this machine shows could start runs',
    remedy: 'name the origins, or set grpc.tokens',
  },
  {
    key: 'alerts.secret',
    other: 'alerts.format',
    broken: ({ 'alerts.webhook': webhook, 'alerts.format': format, 'alerts.secret': secret }) =>
      webhook !== undefined && format === 'pagerduty' && secret === undefined,
    problem: () => 'is not set, but alerts.format is pagerduty: PagerDuty refuses alerts without its routing key',
    remedy: 'set alerts.secret to the routing key of the integration',
  },
  ...(
    [
      ['grpc.tls_key', 'grpc.tls_cert'],
      ['grpc.tls_cert', 'grpc.tls_key'],
    ] as const
  ).map(
    ([key, other]): Rule => ({
      key,
      other,
      broken: (values) => values[key] === undefined && values[other] !== undefined,
      problem: () => `is not set, but ${other} is`,
      remedy: `set ${key}, or unset ${other} to call and listen unencrypted`,
    }),
  ),
  ...(['grpc.tls_ca', 'grpc.tls_cert'] as const).map(
    (key): Rule => ({
      key,
      other: 'grpc.tls_client_auth',
      broken: (values) => values['grpc.tls_client_auth'] && values[key] === undefined,
      problem: () => 'is not set, but grpc.tls_client_auth is: client certificates cannot be checked',
      remedy: `set ${key}, or set grpc.tls_client_auth to false`,
    }),
  ),
];

/** Every rule that the values break; rules about a setting that is already invalid are skipped. */
export function contradictions(
  values: SettingValues,
  origins: Readonly<Record<SettingKey, Origin>>,
  wrong: ReadonlySet<string>,
): ConfigProblem[] {
  return RULES.filter(({ key, other, broken }) => !wrong.has(key) && !wrong.has(other) && broken(values)).map(
    ({ key, problem, remedy }) => ({ key, origin: origins[key], problem: problem(values), remedy }),
  );
}
