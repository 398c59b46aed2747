/** The error of a call in the results: one kind of a closed list, unchanged through every layer. */

export const ERROR_TYPES = [
  'invalid_key',
  /** The money or the tokens of the account are used up: waiting does not help. */
  'quota',
  'content_safety',
  /** The model declined to answer. */
  'refused',
  'rate_limit',
  'invalid_request',
  /** The provider has no such model, or not for this account. */
  'unknown_model',
  'context_too_long',
  'server',
  'overloaded',
  'unavailable',
  'timeout',
  'network',
  'parse',
  /** An answer came, with no text in it. */
  'empty',
  'circuit_open',
  /** The run's cost cap had no room for it. */
  'cost_cap',
  'deadline_exceeded',
  'unknown',
] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

export interface DiagnosisError {
  readonly error_type: ErrorType;
  /** The code of the failure: the provider's, the HTTP status or the engine's. */
  readonly error_code: string;
  readonly error_message: string;
  /** Whether the same call may succeed later without any change. */
  readonly recoverable: boolean;
  /** What to do about it at this provider, where something can be done. */
  readonly remedy?: string | undefined;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

const FINAL: ReadonlySet<ErrorType> = new Set([
  'invalid_key',
  'quota',
  'content_safety',
  'refused',
  'invalid_request',
  'unknown_model',
  'context_too_long',
  'cost_cap',
]);
const MAX_MESSAGE_CHARS = 500;
/** Matches text in a provider's message that may be a key; it is removed. */
const KEY = /\b(?:sk|ak|pplx|key|ark)-[\w-]{6,}|\bAIza[\w-]{20,}|\bBearer\s+\S+|\b[a-f\d]{32}\.\w{16}\b/gi;

/** An error of a kind at a time in milliseconds since 1970. */
export function diagnosisError(type: ErrorType, code: string, message: string, nowMs: number): DiagnosisError {
  return {
    error_type: type,
    error_code: code === '' ? type : code,
    error_message: message.replace(KEY, '[key]').slice(0, MAX_MESSAGE_CHARS),
    recoverable: !FINAL.has(type),
    timestamp: new Date(nowMs).toISOString(),
  };
}

/**
 * Words of codes and messages of providers that are not known, and of gateways, the most specific first: several use status 400 or
 * 429 for everything. What known providers say is in `vendors/`.
 */
const WORDS: readonly (readonly [RegExp, ErrorType])[] = [
  [/content.?(?:filter|safety|policy)|data.?inspection|sensitive|moderation|敏感|违规|安全审核/i, 'content_safety'],
  [
    /context.?(?:length|window)|maximum (?:context|number of) tokens|prompt is too long|too many (?:input )?tokens|token limit exceeded|超出.*(?:长度|上下文)/i,
    'context_too_long',
  ],
  [
    /insufficient.?(?:quota|balance|funds|credit)|arrear|overdue|credit balance|billing|payment required|exceeded your current quota|quota.?(?:exceeded|exhausted)|allocationquota|余额|欠费|额度/i,
    'quota',
  ],
  [
    /model.?not.?(?:found|exist|open)|(?:no such|unknown|invalid) model|model .*(?:does not|doesn't|not) exist|no available channel for model|模型不存在/i,
    'unknown_model',
  ],
  [
    /invalid.?(?:api.?key|authentication|token)|incorrect api key|authentication.?(?:fails|error)|unauthorized|permission|鉴权|密钥|无效的令牌/i,
    'invalid_key',
  ],
  [/rate.?limit|too many requests|throttl|requests? per|tpm|rpm|限流|频率|并发/i, 'rate_limit'],
  [/overloaded|at capacity|high demand|server.?busy|负载|过载|繁忙/i, 'overloaded'],
  [/unavailable|capacity|busy|maintenance/i, 'unavailable'],
  [/time.?out|timed out|超时/i, 'timeout'],
  [/internal|server.?error/i, 'server'],
  [/invalid|not.?found|unsupported|bad request|参数/i, 'invalid_request'],
];

/** The kind by a code and a message; `unknown` if they match none. */
function typeOfWords(code: string, message: string): ErrorType {
  const byCode = WORDS.find(([pattern]) => pattern.test(code))?.[1];
  const byMessage = WORDS.find(([pattern]) => pattern.test(message))?.[1];
  // `invalid_request_error` and `server_error` are said of everything: then the message tells more.
  const isVague = byCode === undefined || byCode === 'invalid_request' || byCode === 'server';
  return (isVague ? (byMessage ?? byCode) : byCode) ?? 'unknown';
}

/** The kind by an HTTP status; the body's words take precedence if a status has several meanings. */
export function typeOfStatus(status: number, code: string, message: string): ErrorType {
  const told = typeOfWords(code, message);
  if (status === 401) return told === 'quota' ? 'quota' : 'invalid_key';
  if (status === 402) return 'quota';
  if (status === 403) return told === 'unknown' || told === 'invalid_request' ? 'invalid_key' : told;
  if (status === 408) return 'timeout';
  if (status === 413) return 'context_too_long';
  if (status === 429) return OF_TOO_MANY.has(told) ? told : 'rate_limit';
  if (status === 529) return 'overloaded';
  if (status === 502 || status === 503) return told === 'overloaded' ? told : 'unavailable';
  if (status === 504 || status === 524) return 'timeout';
  if (status >= 500) return told === 'overloaded' || told === 'quota' ? told : 'server';
  if (status >= 400) return told === 'unknown' ? 'invalid_request' : told;
  return told;
}

/** What 429 may mean beside too many requests. */
const OF_TOO_MANY: ReadonlySet<ErrorType> = new Set(['quota', 'content_safety', 'overloaded']);

const ENGINE: readonly (readonly [RegExp, ErrorType])[] = [
  [/^budget\./, 'cost_cap'],
  [/deadline/, 'deadline_exceeded'],
  [/breaker|circuit/, 'circuit_open'],
  [/timeout/, 'timeout'],
  [/rate|throttl|429/, 'rate_limit'],
  [/not_json|parse|charset|decode|module\./, 'parse'],
  [/^download\.|connect|dns|tls|socket|network|disconnect/, 'network'],
];

/** The kind of a failure that the engine recorded, by its dotted code and, where it has one, its HTTP status. */
export function typeOfFailure(code: string, message: string, status?: number): ErrorType {
  if (status !== undefined && status >= 400) return typeOfStatus(status, code, message);
  return ENGINE.find(([pattern]) => pattern.test(code))?.[1] ?? 'unknown';
}
