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
const KEY = /\b(?:sk|ak|pplx|key|ark)-[\w-]{6,}|\bBearer\s+\S+|\b[a-f\d]{32}\.\w{16}\b/gi;

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

/** Words of providers' codes and messages, the most specific first: several providers use status 400 or 429 for everything. */
const WORDS: readonly (readonly [RegExp, ErrorType])[] = [
  [
    /content.?(?:filter|safety|policy)|data.?inspection|sensitive|moderation|\b1301\b|敏感|违规|安全审核/i,
    'content_safety',
  ],
  [
    /insufficient.?(?:quota|balance|funds)|arrear|credit balance|billing|exceeded your current quota|allocationquota|\b1113\b|余额|欠费|额度/i,
    'quota',
  ],
  [
    /invalid.?(?:api.?key|authentication|token)|incorrect api key|authentication.?(?:fails|error)|unauthorized|permission|\b100[1-4]\b|鉴权|密钥/i,
    'invalid_key',
  ],
  [/rate.?limit|too many requests|throttl|requests? per|tpm|rpm|\b130[2-5]\b|限流|频率|并发/i, 'rate_limit'],
  [/overloaded|unavailable|capacity|busy|maintenance|繁忙/i, 'unavailable'],
  [/time.?out|timed out|超时/i, 'timeout'],
  [/internal|server.?error/i, 'server'],
  [/invalid|not.?found|unsupported|bad request|参数/i, 'invalid_request'],
];

/** The kind by a provider's own code and message; `unknown` if they match none. */
export function typeOfWords(code: string, message: string): ErrorType {
  const byCode = WORDS.find(([pattern]) => pattern.test(code));
  return (byCode ?? WORDS.find(([pattern]) => pattern.test(message)))?.[1] ?? 'unknown';
}

/** The kind by an HTTP status; the body's words take precedence if a status has several meanings. */
export function typeOfStatus(status: number, code: string, message: string): ErrorType {
  const told = typeOfWords(code, message);
  if (status === 401) return told === 'quota' ? 'quota' : 'invalid_key';
  if (status === 402) return 'quota';
  if (status === 403) return told === 'unknown' || told === 'invalid_request' ? 'invalid_key' : told;
  if (status === 408) return 'timeout';
  if (status === 429) return told === 'quota' || told === 'content_safety' ? told : 'rate_limit';
  if (status === 502 || status === 503 || status === 529) return 'unavailable';
  if (status === 504) return 'timeout';
  if (status >= 500) return 'server';
  if (status >= 400) return told === 'unknown' ? 'invalid_request' : told;
  return told;
}

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
