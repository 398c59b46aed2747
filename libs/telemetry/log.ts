/**
 * Logs: a lower-case phrase and fields, to standard error; JSON for machines, one short line for terminals. Every line
 * has the mode of the process; secrets are never logged.
 */
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { redactLogin } from '../config/redact.ts';
import { errorFields } from './error-fields.ts';
import { prettyStream } from './pretty-log.ts';
import { Repeats } from './repeats.ts';
import { activeTraceId } from './spans.ts';

/** Fields of a line. Those of the chain have fixed names; others may be added. */
export interface LogFields {
  readonly run_id?: string;
  readonly task_id?: string;
  readonly module_id?: string;
  readonly step_idx?: number;
  readonly request_id?: string;
  readonly prefix_request?: string;
  readonly decision?: string;
  readonly epoch?: number;
  readonly trace_id?: string;
  /** Written with code, class, remedy and causes; the stack only if it is not a CatenaError. */
  readonly error?: unknown;
  /** Written with its login hidden. */
  readonly url?: string;
  readonly [name: string]: unknown;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface Log {
  /** False when lines at debug level are dropped, so that a hot path need not make them. */
  readonly isDebug?: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds these fields to every line. */
  child(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'auto' | 'json' | 'pretty';
  readonly runtimeMode: 'single_node' | 'distributed';
  /** The target of lines; default: standard error, written synchronously, so that a killed process loses no line. */
  readonly stream?: DestinationStream & { readonly isTTY?: boolean };
}

/** Fields with these names are never written, at all depths that {@link redactedPaths} covers. */
const SECRET_NAMES = ['authorization', 'cookie', 'set-cookie', 'password', 'secret', 'api_key', 'apiKey', 'login'];

export function createLog({ level, format, runtimeMode, stream }: LogOptions): Log {
  const isTerminal = (stream ?? process.stderr).isTTY === true;
  const target = stream ?? destination({ fd: 2, sync: true });
  const pretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const logger = pino(
    {
      level,
      base: { runtime_mode: runtimeMode },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      mixin: traceFields,
      redact: { paths: redactedPaths(), censor: '***' },
      serializers: { error: errorFields, url: (url: unknown) => (typeof url === 'string' ? redactLogin(url) : url) },
    },
    pretty ? prettyStream(target, isTerminal) : target,
  );
  const repeats = new Repeats({
    most: MOST_REPEATS,
    windowMs: REPEATS_WINDOW_MS,
    now: () => performance.now(),
    onRepeated: (kind, repeated) => logger.warn({ repeated, within_ms: REPEATS_WINDOW_MS }, `repeated: ${kind}`),
  });
  return wrap(logger, repeats);
}

/** Lines with the same message and error code that are written within a window; the others are counted. */
const MOST_REPEATS = 20;
const REPEATS_WINDOW_MS = 10_000;

/** A log that writes nothing. */
export const silentLog: Log = { isDebug: false, debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog };

function wrap(logger: Logger, repeats: Repeats): Log {
  const isWritten = (message: string, { error, code: own }: LogFields) => {
    const code = (error as { readonly code?: unknown } | undefined)?.code ?? own;
    return repeats.isWritten(typeof code === 'string' ? `${message} (${code})` : message);
  };
  return {
    isDebug: logger.isLevelEnabled('debug'),
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => {
      // Lines of milestones are all written; those of failures have a code, and may be many.
      const isMilestone = fields.code === undefined;
      if (isMilestone || (logger.isLevelEnabled('info') && isWritten(message, fields))) logger.info(fields, message);
    },
    warn: (message, fields = {}) => {
      if (isWritten(message, fields)) logger.warn(fields, message);
    },
    error: (message, fields = {}) => {
      if (isWritten(message, fields)) logger.error(fields, message);
    },
    child: (fields) => wrap(logger.child(fields), repeats),
  };
}

/** With tracing, a line has the id of its trace. */
function traceFields(): object {
  const traceId = activeTraceId();
  return traceId === undefined ? {} : { trace_id: traceId };
}

function redactedPaths(): string[] {
  return SECRET_NAMES.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);
}
