/** Every setting of Catena itself: its name in files, its default and its meaning. A name ends in its unit. */
import { CatenaError } from '../errors/catena-error.ts';
import {
  choice,
  decimal,
  flag,
  flagByMode,
  headerText,
  integer,
  listenAddress,
  optionalDecimal,
  optionalInteger,
  optionalList,
  optionalListenAddress,
  optionalNames,
  optionalPath,
  optionalPaths,
  optionalSecret,
  optionalTarget,
  optionalText,
  path,
  redisUrl,
  type Setting,
  type Settings,
  type SettingsOwner,
  url,
  urls,
  type ValuesOf,
} from './setting.ts';
import { variableName } from './variable-name.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const KIB = 1_024;
/** An address, or a network. */
const NETWORK = /^[\da-fA-F.:]+(?:\/\d{1,3})?$/;

export const SETTINGS = {
  'cache.redis': redisUrl(
    'Redis of a distributed deployment, with the login of its user; without it everything runs in one process.',
  ),
  'cache.topology': choice(
    'What the hosts of `cache.redis` are: one server, Sentinels that know its primary, or nodes of a Cluster.',
    'single',
    ['single', 'sentinel', 'cluster'],
  ),
  'cache.master_name': headerText('The name under which Sentinels know the primary.', 'mymaster'),
  'cache.sentinel_user': optionalText('The user at the Sentinels; default: none.'),
  'cache.sentinel_password': optionalSecret(
    'The password at the Sentinels; that of Redis itself is in `cache.redis`.',
    'printable characters without spaces',
    /^[\x21-\x7e]+$/,
  ),
  'cache.tls_ca': optionalPath(
    'The certificate authorities to trust for a `rediss://` URL, as PEM; default: those of Node. Files are read for each connection.',
  ),
  'cache.tls_cert': optionalPath('The certificate of this process for Redis, as PEM, if Redis asks for one.'),
  'cache.tls_key': optionalPath('The private key of `cache.tls_cert`, as PEM.'),
  'cache.durability': choice(
    'What a change of an open run survives once it counts: `fast` may lose the last second, which is redone; `strict` needs `appendfsync always`.',
    'fast',
    ['fast', 'strict'],
  ),
  'cache.replicas': integer(
    'Replicas of Redis that must have a change before it counts; more than 0 only with `strict`.',
    0,
    { min: 0, max: 10 },
  ),
  'cache.allow_loss': flag('Whether to start on a Redis that loses open runs when it restarts.', false),
  'nats.url': urls('NATS of a distributed deployment; of a cluster several servers, separated by commas.', [
    'nats',
    'tls',
  ]),
  'store.url': url('PostgreSQL of a distributed deployment.', ['postgres', 'postgresql']),
  'store.connections': integer('Connections to PostgreSQL that one process opens, at most.', 10, { max: 1_000 }),
  'store.timeout_ms': integer('How long one statement, or the wait for a connection, may take.', 15 * SECOND_MS, {
    min: 100,
  }),
  'store.path': path('The database file of a single node; `:memory:` keeps nothing.', '.catena/catena.db'),
  'nats.queue_capacity': integer(
    'Messages of each class of runs that may wait for a stage; a sender waits while the queue is full.',
    10_000,
  ),
  'nats.stream_max_bytes': integer(
    'The most storage of each stage’s stream for runs of the normal class; those of the other two classes have a quarter of it each, at least 1 MiB.',
    512 * KIB * KIB,
    { min: KIB * KIB },
  ),
  'nats.replicas': integer('Servers that store each message and each large body; an odd number.', 1, { max: 5 }),
  'nats.event_max_age_ms': integer('How long events are kept for readers.', 7 * DAY_MS, { min: 1_000 }),
  'nats.event_max_bytes': integer('The most storage of events; the oldest are deleted first.', 256 * KIB * KIB, {
    min: KIB * KIB,
  }),

  task_concurrency: integer('Hops whose requests are generated at once.', 16),
  publish_concurrency: integer('Messages of one commit that are published at once.', 64),
  parser_concurrency: integer('Responses that are parsed at once.', 16),
  error_task_concurrency: integer('Failures that are decided at once.', 8),
  download_concurrency: integer('Concurrent requests, over all hosts.', 64),
  hop_window: integer(
    'Hops of one run that are with the stages at once; the others wait in the coordinator. At least twice the hops that all processes generate at once.',
    64,
  ),
  request_window: integer(
    'Requests of one run that are with the stages at once; the others wait in the coordinator. At least twice the concurrent requests of all processes.',
    256,
  ),
  max_waiting_runs: integer(
    'Runs that wait to be opened at most; a submission beyond them is refused with the time after which to try again.',
    100_000,
  ),
  backpressure_retry_delay_ms: integer('How long a publish waits before it retries a full queue.', 50),

  lease_ms: integer('How long a claim lasts unless its holder renews it.', 30 * SECOND_MS, { min: 1_000 }),
  dispatch_grace_ms: integer(
    'After this a node that was not claimed is notified again; doubled each time.',
    30 * SECOND_MS,
    {
      min: 100,
    },
  ),
  response_grace_ms: integer('After this a response that was not parsed is downloaded again.', MINUTE_MS, { min: 100 }),
  decision_grace_ms: integer('After this a failure that was not decided is sent again.', 10 * SECOND_MS, { min: 100 }),
  sweep_interval_ms: integer('How often the sweeper looks for due nodes.', 100, { min: 10 }),
  cooldown_ms: integer(
    'How long no new node of a module is claimed after a burst of errors, and no waiting run of its task is opened; 0 turns this off.',
    0,
    {
      min: 0,
    },
  ),
  cooldown_errors: integer(
    'How many errors in a row are a burst: of a module, or of a named task in runs that have no item.',
    10,
  ),
  max_yields_per_parse: integer('A parse, a compute step or a request generator that yields more fails.', 100_000),
  max_yield_chars_per_parse: integer(
    'A parse, a compute step or a request generator that yields more than so many characters of JSON fails.',
    64 * KIB * KIB,
    { min: KIB },
  ),
  max_yields_per_start: integer('A start that yields more fails.', 2_000_000),
  blob_threshold_bytes: integer('Larger bodies are kept in files and passed by reference.', 512 * KIB, { min: 0 }),

  'execution.workers': optionalInteger(
    'The most threads that run the code of modules; default: as many as cores, the last of which is used only when a call waits. 0 runs it in the main thread, without bounds, for debuggers.',
    { min: 0 },
  ),
  'execution.call_timeout_ms': integer(
    'How long one call of a function of a module may take, from its begin to its last emission.',
    30 * SECOND_MS,
    { min: 10 },
  ),
  'execution.block_timeout_ms': integer(
    'How long the code of a module may run without yielding to its event loop.',
    10 * SECOND_MS,
    { min: 10 },
  ),
  'execution.load_timeout_ms': integer('How long the modules may take to load.', 30 * SECOND_MS, { min: 100 }),
  'execution.memory_mb': integer('The most memory of one thread that runs the code of modules, in MiB.', 512, {
    min: 16,
  }),

  'thresholds.module_rate': decimal('A module is terminated when this share of its executions has failed.', 0.5, {
    max: 1,
  }),
  'thresholds.module_min_executions': integer('The rate applies from this many executions of a module on.', 20),
  'thresholds.module_errors': optionalInteger('A module is terminated at this many errors; replaces the rate.'),
  'thresholds.task_rate': decimal(
    'A task is terminated when this share of its executions, in all its runs, has failed.',
    0.5,
    {
      max: 1,
    },
  ),
  'thresholds.task_min_executions': integer('The rate applies from this many executions of a task on.', 20),
  'thresholds.task_errors': optionalInteger('A task is terminated at this many errors; replaces the rate.'),

  'retry.attempts': integer('Executions of a node, the first one included.', 3, { max: 1_000 }),
  'retry.base_delay_ms': integer('The first wait before a retry; doubled each time, with full jitter.', SECOND_MS, {
    min: 0,
  }),
  'retry.max_delay_ms': integer('The longest wait before a retry; Retry-After may exceed it.', MINUTE_MS, { min: 0 }),
  'retry.crash_budget': integer(
    'A node fails for good after this many lost leases. With two it is a suspect: it loses each further one alone in its process.',
    4,
  ),

  'limits.requests_per_second': decimal('Requests started per second and host; 0 is unlimited.', 10),
  'limits.concurrency_per_host': integer('Concurrent requests per host; 0 is unlimited.', 8, { min: 0 }),
  'breakers.count_too_many_requests': flag(
    'Whether a response with status 429 counts as a failure of a circuit breaker.',
    true,
  ),
  'answers.max_bytes': integer(
    'The most storage of responses that are kept for later runs; the oldest are deleted first.',
    64 * KIB * KIB,
    {
      min: 0,
    },
  ),
  'answers.max_count': integer('How many responses are kept for later runs; 0 keeps none.', 10_000, { min: 0 }),
  'downloader.secrets': optionalNames('Environment variables that requests may name as secrets; default: none.'),
  'robots.enabled': flag('Whether robots.txt is obeyed, its Crawl-delay included.', true),

  'http.user_agent': headerText(
    'The User-Agent of requests; its first word is looked up in robots.txt.',
    'Catena/0.1.0',
  ),
  'http.connect_timeout_ms': integer('The timeout for a connection, TLS included.', 10 * SECOND_MS),
  'http.headers_timeout_ms': integer('The timeout from the request to the headers of its response.', 30 * SECOND_MS),
  'http.body_timeout_ms': integer('The timeout between two parts of a body.', 30 * SECOND_MS),
  'http.total_timeout_ms': integer('The timeout of a whole request, redirects and body included.', MINUTE_MS),
  'http.max_redirects': integer(
    'How many redirects are followed, a page that redirects to itself included; 0 is none.',
    20,
    { min: 0, max: 100 },
  ),
  'http.max_header_bytes': integer('The most bytes of headers of one response; more are refused.', 256 * KIB, {
    min: KIB,
    max: 16 * KIB * KIB,
  }),
  'http.http2': flag('Whether HTTP/2 is spoken with servers that refuse HTTP/1.1.', true),
  'http.lenient': choice(
    'Whether responses that break HTTP/1.1 are read as browsers read them: `when_needed` repeats a request that changes nothing, and does so first at that server from then on.',
    'when_needed',
    ['never', 'when_needed', 'always'],
  ),
  'http.tls_ca': optionalPath('Certificate authorities of sites to trust besides those of Node, as PEM.'),
  'http.max_body_bytes': integer('The largest body, after decompression; larger ones are refused.', 16 * KIB * KIB),
  'http.body_memory_mb': integer(
    'The most MiB of bodies that all downloads and parses of a process hold at once; others wait. At least twice http.max_body_bytes.',
    128,
  ),
  'http.max_decompression_ratio': integer(
    'The largest ratio by which a body may grow in decompression; others are refused.',
    100,
  ),
  'http.deny_private_targets': flagByMode(
    'Whether private, loopback and link-local addresses are refused; default: in distributed mode, in `catena serve` and in `catena diagnose`.',
  ),
  'http.allowed_private_targets': optionalList(
    'Addresses that are reached although `http.deny_private_targets` refuses them.',
    'addresses, or networks such as 10.0.0.0/8',
    NETWORK,
  ),
  'http.allowed_untrusted_targets': optionalList(
    'Private addresses that requests from content (`untrusted`) may reach, on any port; by default none, in no mode.',
    'addresses, or networks such as 10.0.0.0/8',
    NETWORK,
  ),

  'grpc.listen': listenAddress(
    'The address on which a service accepts calls; without tokens only on loopback.',
    '127.0.0.1:4950',
  ),
  'grpc.module_processor': optionalTarget('The addresses at which ingress calls module-processors.'),
  'grpc.error_threshold': optionalTarget('The addresses at which ingress calls error-thresholds.'),
  'grpc.max_streams_per_caller': integer(
    'Streams of answers (watched runs, items, health) that one token, or one address without a token, may hold open.',
    200,
  ),
  'grpc.drain_ms': integer(
    'How long running work and open calls may take when a process stops; the rest is handed back.',
    10 * SECOND_MS,
    { min: 0 },
  ),
  'grpc.deadline_ms': integer('The timeout of a call without a deadline; streams have none.', MINUTE_MS),
  'grpc.max_message_bytes': integer('The largest message; larger ones are refused.', 4 * KIB * KIB, {
    min: KIB,
    max: KIB * KIB * KIB,
  }),
  'grpc.tokens': optionalSecret(
    'The tokens of callers with their roles: `reader`, `submitter`, `operator` and, between services, `service`.',
    'role:token, separated by commas, tokens of at least 16 printable characters',
    /^ *(?:reader|submitter|operator|service):[\x21-\x2b\x2d-\x7e]{16,} *(?:, *(?:reader|submitter|operator|service):[\x21-\x2b\x2d-\x7e]{16,} *)*$/,
  ),
  'grpc.token': optionalSecret(
    'The token with which this process calls other services; between services one with the role `service`.',
    'a token of at least 16 printable characters',
    /^[\x21-\x2b\x2d-\x7e]{16,}$/,
  ),
  'grpc.tls_cert': optionalPath('The certificate of this process and its chain, as PEM; calls are encrypted with it.'),
  'grpc.tls_key': optionalPath('The private key of `grpc.tls_cert`, as PEM.'),
  'grpc.tls_ca': optionalPath('The certificate authorities to trust, as PEM; default: those of Node.'),
  'grpc.tls_client_auth': flag('Whether callers must present a certificate that `grpc.tls_ca` signed.', false),

  'api.listen': optionalListenAddress(
    'The address of the HTTP API at ingress; without tokens only on loopback. `catena serve` in one process: 127.0.0.1:8080.',
  ),
  'api.allowed_origins': optionalList(
    'Origins whose pages may read responses of the HTTP API; `*` is every one.',
    'origins such as https://shop.test, or *',
    /^(?:\*|https?:\/\/[^\s/,?#@]+)$/,
  ),
  'api.allowed_hosts': optionalList(
    'Hosts by which the HTTP API and metrics on loopback may be called besides 127.0.0.1 and localhost, while there are no tokens.',
    'host names or addresses, each with or without a port',
    /^(?:\[[\da-fA-F:.]+\]|[A-Za-z\d_](?:[A-Za-z\d_.-]*[A-Za-z\d_])?)(?::\d{1,5})?$/,
  ),
  'api.trusted_proxies': optionalList(
    'Proxies before the HTTP API whose `x-forwarded-for` is trusted.',
    'addresses, networks such as 10.0.0.0/8, or loopback',
    /^(?:loopback|linklocal|uniquelocal|[\da-fA-F.:]+(?:\/\d{1,3})?)$/,
  ),
  'api.submissions_per_minute': integer(
    'Submissions per minute, client of the HTTP API and process; 0 is unlimited.',
    10,
    {
      min: 0,
    },
  ),
  'api.max_body_bytes': integer('The largest body of a request to the HTTP API; larger ones are refused.', 256 * KIB, {
    min: KIB,
  }),
  'api.account': headerText('The account for which the HTTP API submits runs; its login has the API keys.', 'default'),
  'api.platform': headerText('The platform for which the HTTP API submits runs.', 'default'),

  'server.address': optionalTarget(
    'The server that the command line calls; without it runs are in a file of this machine.',
  ),
  'server.token': optionalSecret(
    'The token of the command line; to submit and control runs it needs the role `submitter`.',
    'a token of at least 16 printable characters',
    /^[\x21-\x2b\x2d-\x7e]{16,}$/,
  ),
  'server.patience_ms': integer('How long the command line retries when the server stops answering.', MINUTE_MS, {
    min: 0,
  }),

  'modules.files': optionalPaths('Files of modules that the services load.'),
  'modules.allow_changes': flag(
    'Whether a module may change its contract under the same version while no run of it is open; for development.',
    false,
  ),
  'extensions.files': optionalPaths('Files of extensions that commands and services load.'),

  'alerts.webhook': optionalSecret(
    'The URL for alerts: circuit breakers that open, runs that fail, inconsistent status responses; without it no alerts are sent.',
    'a URL that begins with https:// or http://',
    /^https?:\/\/[^\s/?#]+\S*$/,
  ),
  'alerts.format': choice('The format of alerts.', 'json', ['json', 'pagerduty', 'dingtalk']),
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
  'retention.finished_nodes': integer(
    'Nodes of finished runs that are kept at most; those of the runs that ended first are deleted first, however short ago that was. 0: any number.',
    5_000_000,
    { min: 0 },
  ),
  'retention.ended_run_ms': integer(
    'How long a finished run is kept at all, with its items, dead letters and timeline; 0: for ever. Never shorter than its nodes are kept.',
    0,
    { min: 0 },
  ),
  'otel.endpoint': url(
    'The OTLP/HTTP collector for traces, such as `http://127.0.0.1:4318`; without it, and without `OTEL_EXPORTER_OTLP_ENDPOINT`, nothing is traced.',
    ['http', 'https'],
  ),
  'otel.sample_ratio': optionalDecimal(
    'The share of runs that are traced completely; of all others, nodes that fail. Default: that of `OTEL_TRACES_SAMPLER`, else 0.05.',
    { max: 1 },
  ),
  'metrics.push_interval_ms': integer(
    'How often metrics are also pushed over OTLP/HTTP to `otel.endpoint`; 0: never.',
    0,
    { min: 0 },
  ),
  'metrics.listen': url(
    'The address of metrics, served at /metrics: `http://127.0.0.1:9464`; without it they are not served.',
    ['http'],
  ),
  'metrics.token': optionalSecret(
    'The token with which metrics are read, as `Authorization: Bearer …`; required when other machines may reach them.',
    'a token of at least 16 printable characters',
    /^[\x21-\x7e]{16,}$/,
  ),
  'access.allow_unprotected': flag(
    'Whether ports that other machines may reach are opened without tokens; for networks that only trusted processes reach.',
    false,
  ),
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

/** Settings of extensions are listed after this one. */
const LAST_BEFORE_EXTENSIONS: SettingKey = 'extensions.files';

/**
 * Every setting by its name, in the order in which they are listed: those of Catena, with those of extensions among them.
 * Throws `config.duplicate_setting` for a name, or a variable of the environment, that two settings share.
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
    remedy: 'rename the setting of the extension',
  });
}
