/**
 * A policy is one rule for sending requests. It acts before and after the rest of its list, `next`, or instead of it. A request
 * passes the request list once, and the hop list for each hop: for itself, then for each redirect.
 */

import type { RequestBody } from '../../../libs/calls/node-body.ts';
import type { BodyHold } from '../../../libs/limits/body-memory.ts';
import type { StepPolicy } from '../../../libs/modules/contract/definition.ts';
import type { DownloadWork } from '../../../libs/stage/execution/hand-over.ts';
import { moduleOf } from '../../../libs/stage/run/runs.ts';
import type { BlobRef } from '../../../libs/store/blob-store.ts';
import type { DownloaderDeps, SendingDeps } from '../deps.ts';
import type { Cancellation } from '../http/cancellation.ts';
import type { Answer } from '../http/exchange.ts';
import type { Hop } from '../http/hop.ts';
import type { HttpRequest, HttpResponse } from '../http/request.ts';
import type { SentFor } from '../http/traced-send.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { HostPermit } from './host-permit.ts';
import type { SecretEchoes } from './secret-echoes.ts';

export type Next<Context, Response> = (context: Context) => Promise<Response>;

export type Policy<Context, Response> = (context: Context, next: Next<Context, Response>) => Promise<Response>;

/** Acts once per request, whatever the number of redirects. */
export type RequestPolicy = Policy<RequestContext, Reply>;

/** Acts once per hop. */
export type HopPolicy = Policy<HopContext, Answer>;

/** A request to send, of a run or a manual one. */
export interface SendingContext {
  readonly deps: SendingDeps;
  /** The request as it will be sent; policies complete it. */
  readonly request: HttpRequest;
  /** The key of its limits. */
  readonly limitKey: string;
  readonly obeysRobots: boolean;
  /** The cookies of its session; undefined: none are sent or kept. */
  readonly jar: CookieJar | undefined;
  /** The permit of its current host. */
  readonly permit: HostPermit;
  /** The memory of its body. */
  readonly hold: BodyHold;
  /** Aborts the request. */
  readonly signal: AbortSignal;
  /** What its spans say of it. */
  readonly tracedAs: Omit<SentFor, 'redirects'>;
}

/** A request of a run. */
export interface RequestContext extends SendingContext {
  readonly deps: DownloaderDeps;
  readonly work: DownloadWork;
  /** The request as its author wrote it. */
  readonly asked: RequestBody;
  readonly receipt: Receipt;
  /** Takes the secrets that it was sent with out of what comes back; undefined without any. */
  readonly echoes?: SecretEchoes;
}

/** Records which attempt at a request paid for its response; empty while none has. */
export interface Receipt {
  attempt: string;
}

export interface HopContext {
  /** The request that the hop belongs to. */
  readonly sending: SendingContext;
  readonly hop: Hop;
  /** How many hops came before it; 0 for the request itself. */
  readonly redirects: number;
  /** The key of its limits: the request's key for its own host, else the host. */
  readonly limitKey: string;
  /** Ends the whole request. */
  readonly cancellation: Cancellation;
}

/** The response to a request. */
export interface Reply extends HttpResponse {
  /** Whether its session had no cookies when it was sent; undefined when it was not sent. */
  readonly wasAnonymous?: boolean;
  /** Whether it is the cached response of an equal request. */
  readonly fromCache: boolean;
  /** Where the body is stored, if not in `body`. */
  readonly blob?: BlobRef;
}

/** The policy of the request's step. */
export function stepPolicyOf({ work: { run, lease } }: Pick<RequestContext, 'work'>): StepPolicy {
  const { moduleId, stepIdx } = lease.node;
  return moduleOf(run, moduleId).definition.steps[stepIdx]!.policy;
}

/** Wraps `last` in the policies, the first one outermost. */
export function compose<Context, Response>(
  policies: readonly Policy<Context, Response>[],
  last: Next<Context, Response>,
): Next<Context, Response> {
  return policies.reduceRight<Next<Context, Response>>((next, policy) => (context) => policy(context, next), last);
}
