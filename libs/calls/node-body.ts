/** The content of a node's body. The coordinator stores it as text and never reads it. */
import type { BreakerSpec } from '../limits/breakers.ts';
import { toMicros } from '../limits/budgets.ts';
import type { KeyLimits } from '../limits/limiter.ts';
import type { CachePolicy, RequestSpec } from '../modules/contract/definition.ts';

/** What both bodies have in a run with a cap on depth. */
interface Deep {
  /** How many pages lie before it; absent for 0. */
  readonly depth?: number;
}

/** The body of a hop: its state. */
export interface HopBody extends Deep {
  readonly state: unknown;
}

/** The body of a request: what to send, and the state of its hop, which the parse gets. */
export interface RequestBody extends Deep {
  readonly state: unknown;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64, because a body may be any bytes; absent without a body. */
  readonly body?: string;
  readonly session?: string;
  readonly timeoutMs?: number;
  readonly limitKey?: string;
  readonly breaker?: BreakerSpec;
  readonly limits?: Partial<KeyLimits>;
  readonly untilMs?: number;
  readonly notBeforeMs?: number;
  readonly partial?: boolean;
  readonly robots?: 'ignore';
  readonly resendBody?: boolean;
  readonly untrusted?: boolean;
  readonly cache?: CachePolicy | false;
  readonly cacheKey?: string;
  /** The most that sending it costs, in millionths; absent if it costs nothing. */
  readonly costMicros?: number;
}

export function encodeHop(body: HopBody): string {
  return JSON.stringify(body);
}

export function decodeHop(text: string): HopBody {
  return JSON.parse(text) as HopBody;
}

export function decodeRequest(text: string): RequestBody {
  return JSON.parse(text) as RequestBody;
}

/** A request as its author wrote it, in its stored form. */
export function encodeRequest(spec: RequestSpec, state: unknown, depth = 0): string {
  const headers: Record<string, string> = { ...spec.headers };
  const body = bodyOf(spec, headers);
  const kept: RequestBody = {
    state,
    ...(depth === 0 ? {} : { depth }),
    method: spec.method ?? (body === undefined ? 'GET' : 'POST'),
    url: String(spec.url),
    headers,
    ...(body === undefined ? {} : { body: body.toString('base64') }),
    ...(spec.session === undefined ? {} : { session: spec.session }),
    ...(spec.timeoutMs === undefined ? {} : { timeoutMs: spec.timeoutMs }),
    ...(spec.limitKey === undefined ? {} : { limitKey: spec.limitKey }),
    ...(spec.breaker === undefined ? {} : { breaker: spec.breaker }),
    ...(spec.limits === undefined ? {} : { limits: spec.limits }),
    ...(spec.untilMs === undefined ? {} : { untilMs: spec.untilMs }),
    ...(spec.notBeforeMs === undefined ? {} : { notBeforeMs: spec.notBeforeMs }),
    ...(spec.partial === true ? { partial: true } : {}),
    ...(spec.robots === 'ignore' ? { robots: spec.robots } : {}),
    ...(spec.resendBody === true ? { resendBody: true } : {}),
    ...(spec.untrusted === true ? { untrusted: true } : {}),
    ...(spec.cache === undefined ? {} : { cache: spec.cache }),
    ...(spec.cacheKey === undefined ? {} : { cacheKey: spec.cacheKey }),
    ...(spec.cost === undefined ? {} : { costMicros: toMicros(spec.cost.atMost) }),
  };
  return JSON.stringify(kept);
}

function bodyOf(spec: RequestSpec, headers: Record<string, string>): Buffer | undefined {
  if (spec.json !== undefined) {
    setDefault(headers, 'content-type', 'application/json');
    return Buffer.from(JSON.stringify(spec.json));
  }
  if (spec.form !== undefined) {
    setDefault(headers, 'content-type', 'application/x-www-form-urlencoded');
    return Buffer.from(new URLSearchParams(spec.form).toString());
  }
  return spec.body === undefined ? undefined : Buffer.from(spec.body as Uint8Array);
}

function setDefault(headers: Record<string, string>, name: string, value: string): void {
  if (!Object.keys(headers).some((each) => each.toLowerCase() === name)) headers[name] = value;
}
