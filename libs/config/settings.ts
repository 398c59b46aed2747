/** Every setting of Catena itself: its name in files, its default and its meaning. Names end in their unit. */
import { CatenaError } from '../errors/catena-error.ts';
import {
  choice,
  decimal,
  flag,
  flagByMode,
  headerText,
  integer,
  listenAddress,
  optionalInteger,
  optionalList,
  optionalListenAddress,
  optionalNames,
  optionalPath,
  optionalPaths,
  optionalSecret,
  optionalTarget,
  path,
  type Setting,
  type Settings,
  type SettingsOwner,
  url,
  type ValuesOf,
} from './setting.ts';
import { variableName } from './variable-name.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const KIB = 1_024;

export const SETTINGS = {
  'cache.redis': url('Redis of a distributed deployment; without it everything runs in one process.', [
    'redis',
    'rediss',
  ]),
  'cache.allow_loss': flag('Whether to start on a Redis that would forget open runs when it restarts.', false),
  'nats.url': url('NATS of a distributed deployment.', ['nats', 'tls']),
  'store.url': url('PostgreSQL of a distributed deployment.', ['postgres', 'postgresql']),
  'store.connections': integer('Connections to PostgreSQL that one process opens, at most.', 10, { max: 1_000 }),
  'store.timeout_ms': integer('How long one statement, or the wait for a connection, may take.', 15 * SECOND_MS, {
    min: 100,
  }),
  'store.path': path('The database file of a single node; `:memory:` keeps nothing.', '.catena/catena.db'),
  'nats.queue_capacity': integer('Messages that may wait for each stage; a sender waits when they are more.', 10_000),
  'nats.stream_max_bytes': integer('Storage that each stage’s stream may take.', 512 * KIB * KIB, { min: KIB * KIB }),
  'nats.replicas': integer('Servers that keep each message.', 1, { max: 5 }),
  'nats.event_max_age_ms': integer('How long events are kept for those who read them.', 7 * DAY_MS, { min: 1_000 }),
  'nats.event_max_bytes': integer('Storage that events may take; the oldest go first.', 256 * KIB * KIB, {
    min: KIB * KIB,
  }),

  task_concurrency: integer('Hops whose requests are generated at once.', 16),
  publish_concurrency: integer('Messages of one commit that are published at once.', 64),
  parser_concurrency: integer('Responses that are parsed at once.', 16),
  error_task_concurrency: integer('Failures that are decided at once.', 8),
  download_concurrency: integer('Requests under way at once, over all hosts.', 64),
  backpressure_retry_delay_ms: integer('How long a publish waits before it tries a full queue again.', 50),

  lease_ms: integer('How long a claim holds without a sign of life.', 30 * SECOND_MS, { min: 1_000 }),
  dispatch_grace_ms: integer(
    'After this a node that nobody took is notified again; doubled each time.',
    30 * SECOND_MS,
    {
      min: 100,
    },
  ),
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
  'breakers.count_too_many_requests': flag('Whether the answer 429 counts as a failure of a circuit breaker.', true),
  'answers.max_bytes': integer(
    'What answers that are kept for later runs may take; the longest kept go first.',
    64 * KIB * KIB,
    {
      min: 0,
    },
  ),
  'answers.max_count': integer('So many answers are kept for later runs; 0 keeps none.', 10_000, { min: 0 }),
  'downloader.secrets': optionalNames('Environment variables that requests may name as secrets; default: none.'),
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

  'grpc.listen': listenAddress('Where a service takes calls; without tokens on loopback only.', '127.0.0.1:4950'),
  'grpc.module_processor': optionalTarget('The module processors, as ingress calls them.'),
  'grpc.error_threshold': optionalTarget('The error thresholds, as ingress calls them.'),
  'grpc.downloader': optionalTarget('The downloaders, for single requests of the shell.'),
  'grpc.parser': optionalTarget('The parsers, for single parses of the shell.'),
  'grpc.drain_ms': integer('How long calls under way may go on when a service stops.', 10 * SECOND_MS, { min: 0 }),
  'grpc.deadline_ms': integer('How long a call may take whose caller names no deadline; streams may last.', MINUTE_MS),
  'grpc.max_message_bytes': integer('Larger messages are refused.', 4 * KIB * KIB, { min: KIB, max: KIB * KIB * KIB }),
  'grpc.tokens': optionalSecret(
    'Who may call: the roles are `reader`, `submitter`, `operator` and, between services, `service`.',
    'role:token, separated by commas, tokens of at least 16 printable characters',
    /^ *(?:reader|submitter|operator|service):[\x21-\x2b\x2d-\x7e]{16,} *(?:, *(?:reader|submitter|operator|service):[\x21-\x2b\x2d-\x7e]{16,} *)*$/,
  ),
  'grpc.token': optionalSecret(
    'What this process calls other services with; between services one of the role `service`.',
    'a token of at least 16 printable characters',
    /^[\x21-\x2b\x2d-\x7e]{16,}$/,
  ),
  'grpc.tls_cert': optionalPath('The certificate of this process and its chain, as PEM; calls are encrypted with it.'),
  'grpc.tls_key': optionalPath('The private key of `grpc.tls_cert`, as PEM.'),
  'grpc.tls_ca': optionalPath('Whose certificates are believed, as PEM; default: the authorities that Node knows.'),
  'grpc.tls_client_auth': flag('Whether callers must show a certificate that `grpc.tls_ca` signed.', false),

  'api.listen': optionalListenAddress(
    'Where ingress answers the HTTP API; without tokens on loopback only. `catena serve` in one process: 127.0.0.1:8080.',
  ),
  'api.allowed_origins': optionalList(
    'Pages of which origins may read the answers of the HTTP API; `*` is every one.',
    'origins such as https://shop.test, or *',
    /^(?:\*|https?:\/\/[^\s/,?#@]+)$/,
  ),
  'api.trusted_proxies': optionalList(
    'Proxies before the HTTP API whose `x-forwarded-for` is believed.',
    'addresses, networks such as 10.0.0.0/8, or loopback',
    /^(?:loopback|linklocal|uniquelocal|[\da-fA-F.:]+(?:\/\d{1,3})?)$/,
  ),
  'api.submissions_per_minute': integer('Submissions per client of the HTTP API and process; 0 is unlimited.', 10, {
    min: 0,
  }),
  'api.max_body_bytes': integer('Larger bodies of requests to the HTTP API are refused.', 256 * KIB, { min: KIB }),
  'api.account': headerText('The account in whose name the HTTP API submits; its login holds the keys.', 'default'),
  'api.platform': headerText('The platform of what the HTTP API submits.', 'default'),

  'server.address': optionalTarget('Whom the command line calls; without it runs stand in a file of this machine.'),
  'server.token': optionalSecret(
    'What the command line calls with; who submits and controls runs needs the role `submitter`.',
    'a token of at least 16 printable characters',
    /^[\x21-\x2b\x2d-\x7e]{16,}$/,
  ),
  'server.patience_ms': integer('How long the command line tries again when the server stops answering.', MINUTE_MS, {
    min: 0,
  }),

  'modules.files': optionalPaths('Files of modules that the services load.'),
  'extensions.files': optionalPaths('Files of extensions that commands and services load.'),

  'alerts.webhook': optionalSecret(
    'Where alerts are posted: circuit breakers that open, runs that fail, status answers that disagree; without it nowhere.',
    'a URL that begins with https:// or http://',
    /^https?:\/\/[^\s/?#]+\S*$/,
  ),
  'alerts.format': choice('What the receiver of alerts understands.', 'json', ['json', 'pagerduty', 'dingtalk']),
  'alerts.secret': optionalSecret(
    'The routing key of PagerDuty, or the secret of a DingTalk robot that checks signatures.',
    'printable characters without spaces',
    /^[\x21-\x7e]{8,}$/,
  ),

  'retention.finished_run_ms': integer(
    'How long the nodes of a finished run are kept, for replays; its items and dead letters stay.',
    7 * DAY_MS,
    { min: 0 },
  ),
  'otel.endpoint': url(
    'Where traces are sent over OTLP/HTTP, such as `http://127.0.0.1:4318`; without it nothing is traced.',
    ['http', 'https'],
  ),
  'otel.sample_ratio': decimal('The share of runs that are traced, each as a whole; failures always are.', 1, {
    max: 1,
  }),
  'metrics.listen': url('Where metrics can be read, at /metrics: `http://127.0.0.1:9464`; without it nowhere.', [
    'http',
  ]),
  'log.level': choice('The least severe level that is logged.', 'info', [
    'trace',
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]),
  'log.format': choice('`auto` is pretty on a terminal and JSON elsewhere.', 'auto', ['auto', 'json', 'pretty']),
} as const satisfies Settings;

/** The dotted name of a setting. */
export type SettingKey = keyof typeof SETTINGS;

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

/** The values by dotted name. */
export type SettingValues = ValuesOf<typeof SETTINGS>;

/** Those of extensions stand behind this one. */
const LAST_BEFORE_EXTENSIONS: SettingKey = 'extensions.files';

/**
 * Every setting by its name, in the order in which they are listed: those of Catena, and among them those of extensions.
 * Throws `config.duplicate_setting` for a name, or a variable of the environment, that would mean two settings.
 */
export function allSettings(extensions: readonly SettingsOwner[]): Settings {
  const all: Record<string, Setting<unknown>> = {};
  const nameOf = new Map<string, string>();
  const add = ({ settings = {} }: SettingsOwner): void => {
    for (const [name, setting] of Object.entries(settings)) {
      const variable = variableName(name);
      if (nameOf.has(variable)) throw duplicate(name, nameOf.get(variable)!, variable);
      nameOf.set(variable, name);
      all[name] = setting;
    }
  };
  for (const [name, setting] of Object.entries(SETTINGS)) {
    add({ settings: { [name]: setting } });
    if (name === LAST_BEFORE_EXTENSIONS) extensions.forEach(add);
  }
  return all;
}

function duplicate(name: string, other: string, variable: string): CatenaError {
  return new CatenaError('config.duplicate_setting', `the settings ${name} and ${other} are both set by ${variable}`, {
    data: { settings: [name, other] },
    remedy: 'name the setting of the extension differently',
  });
}
