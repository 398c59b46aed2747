/** Every setting: its name in files, its default and its meaning. Names end in their unit. */
import {
  choice,
  decimal,
  flag,
  flagByMode,
  headerText,
  integer,
  optionalInteger,
  path,
  type Setting,
  url,
} from './setting.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const KIB = 1_024;

export const SETTINGS = {
  'cache.redis': url('Redis of a distributed deployment; without it everything runs in one process.', [
    'redis',
    'rediss',
  ]),
  'nats.url': url('NATS of a distributed deployment.', ['nats', 'tls']),
  'store.url': url('PostgreSQL of a distributed deployment.', ['postgres', 'postgresql']),
  'store.path': path('The database file of a single node; `:memory:` keeps nothing.', '.catena/catena.db'),

  task_concurrency: integer('Hops whose requests are generated at once.', 16),
  publish_concurrency: integer('Messages of one commit that are published at once.', 64),
  parser_concurrency: integer('Responses that are parsed at once.', 16),
  error_task_concurrency: integer('Failures that are decided at once.', 8),
  download_concurrency: integer('Requests under way at once, over all hosts.', 64),
  backpressure_retry_delay_ms: integer('How long a publish waits before it tries a full queue again.', 50),

  lease_ms: integer('How long a claim holds without a sign of life.', 30 * SECOND_MS, { min: 1_000 }),
  dispatch_grace_ms: integer('After this a node that nobody took is rung again; doubled each time.', 30 * SECOND_MS, {
    min: 100,
  }),
  response_grace_ms: integer('After this a response that nobody parsed is downloaded again.', MINUTE_MS, { min: 100 }),
  decision_grace_ms: integer('After this a failure that nobody decided is sent again.', 10 * SECOND_MS, { min: 100 }),
  sweep_interval_ms: integer('How often the sweeper looks for what stands due.', 100, { min: 10 }),
  cooldown_ms: integer('No new claims of a module for this long after a burst of errors; 0 is never.', 0, { min: 0 }),
  cooldown_errors: integer('So many errors of a module in a row are a burst.', 10),
  max_yields_per_parse: integer(
    'A parse, a compute step or a request generator that yields more is ended as a failure.',
    100_000,
  ),
  blob_threshold_bytes: integer('Larger bodies are kept in files and passed by reference.', 512 * KIB, { min: 0 }),

  'thresholds.module_rate': decimal('A module ends when this share of its executions failed.', 0.5, { max: 1 }),
  'thresholds.module_min_executions': integer('The rate counts from so many executions of a module on.', 20),
  'thresholds.module_errors': optionalInteger('A module ends at so many errors; replaces the rate.'),
  'thresholds.task_rate': decimal('A task ends when this share of its executions failed.', 0.5, { max: 1 }),
  'thresholds.task_min_executions': integer('The rate counts from so many executions of a task on.', 20),
  'thresholds.task_errors': optionalInteger('A task ends at so many errors; replaces the rate.'),

  'retry.attempts': integer('Executions of a node, the first one included.', 3, { max: 1_000 }),
  'retry.base_delay_ms': integer('The first wait before a retry; doubled each time, with full jitter.', SECOND_MS, {
    min: 0,
  }),
  'retry.max_delay_ms': integer('The longest wait before a retry; Retry-After may exceed it.', MINUTE_MS, { min: 0 }),
  'retry.crash_budget': integer('A node that lost so many leases is given up.', 10),

  'limits.requests_per_second': decimal('Requests that start per second and host; 0 is unlimited.', 10),
  'limits.concurrency_per_host': integer('Requests under way at once per host; 0 is unlimited.', 8, { min: 0 }),
  'robots.enabled': flag('Whether robots.txt is obeyed, its Crawl-delay included.', true),

  'http.user_agent': headerText(
    'How requests name themselves; its first word is looked up in robots.txt.',
    'Catena/0.1.0',
  ),
  'http.connect_timeout_ms': integer('To a connection, TLS included.', 10 * SECOND_MS),
  'http.headers_timeout_ms': integer('From the request to the headers of its response.', 30 * SECOND_MS),
  'http.body_timeout_ms': integer('Between two parts of a body.', 30 * SECOND_MS),
  'http.total_timeout_ms': integer('A request whole, redirects and body included.', MINUTE_MS),
  'http.max_redirects': integer('Redirects that are followed; 0 is none.', 10, { min: 0, max: 100 }),
  'http.max_body_bytes': integer('Larger bodies are refused, measured after decompression.', 16 * KIB * KIB),
  'http.max_decompression_ratio': integer('Bodies that grow more than so many times are refused.', 100),
  'http.deny_private_targets': flagByMode(
    'Whether private, loopback and link-local addresses are refused; default: when distributed.',
  ),

  'retention.finished_run_ms': integer(
    'How long the nodes of a finished run are kept, for replays; its items and dead letters stay.',
    7 * DAY_MS,
    { min: 0 },
  ),
  'otel.endpoint': url('Where traces and metrics are sent over OTLP; without it nothing is sent.', ['http', 'https']),
  'log.level': choice('The least severe level that is logged.', 'info', [
    'trace',
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]),
  'log.format': choice('`auto` is pretty on a terminal and JSON elsewhere.', 'auto', ['auto', 'json', 'pretty']),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** The dotted name of a setting. */
export type SettingKey = keyof typeof SETTINGS;

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(SETTINGS, name);
}

type ValueOf<S> = S extends Setting<infer Value> ? Value : never;

/** The values by dotted name. */
export type SettingValues = { readonly [Key in SettingKey]: ValueOf<(typeof SETTINGS)[Key]> };
