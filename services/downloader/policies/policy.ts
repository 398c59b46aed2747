/**
 * What a policy is: one rule by which requests are sent. It does its part before and after the rest of its list, `next`, or in
 * its place. A request passes one list once, and a second one for every hop: for itself, then for each redirect.
 */
import type { StepPolicy } from '../../../libs/modules/contract/definition.ts';
import type { DownloadWork } from '../../../libs/stage/execution/hand-over.ts';
import type { RequestBody } from '../../../libs/stage/node/node-body.ts';
import { moduleOf } from '../../../libs/stage/run/runs.ts';
import type { BlobRef } from '../../../libs/store/blob-store.ts';
import type { DownloaderDeps, SendingDeps } from '../deps.ts';
import type { Cancellation } from '../http/cancellation.ts';
import type { Answer } from '../http/exchange.ts';
import type { Hop } from '../http/hop.ts';
import type { HttpRequest, HttpResponse } from '../http/request.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { HostPermit } from './host-permit.ts';

export type Next<Context, Response> = (context: Context) => Promise<Response>;

export type Policy<Context, Response> = (context: Context, next: Next<Context, Response>) => Promise<Response>;

/** Acts once for a request, however often it is redirected. */
export type RequestPolicy = Policy<RequestContext, Reply>;

/** Acts for every hop. */
export type HopPolicy = Policy<HopContext, Answer>;

/** A request that is to be sent, of a run or by hand. */
export interface SendingContext {
  readonly deps: SendingDeps;
  /** As it will be sent: policies fill it in. */
  readonly request: HttpRequest;
  /** What shares its limits. */
  readonly limitKey: string;
  readonly obeysRobots: boolean;
  /** Sends and keeps cookies; without one there are none. */
  readonly jar: CookieJar | undefined;
  /** The permit of the host that it is at. */
  readonly permit: HostPermit;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** A request of a run. */
export interface RequestContext extends SendingContext {
  readonly deps: DownloaderDeps;
  readonly work: DownloadWork;
  /** As its author asked for it. */
  readonly asked: RequestBody;
  readonly receipt: Receipt;
}

/** Which attempt at a request paid for its answer; empty while none has. */
export interface Receipt {
  attempt: string;
}

export interface HopContext {
  /** The request that the hop belongs to. */
  readonly sending: SendingContext;
  readonly hop: Hop;
  /** How many hops came before it: 0 is the request itself. */
  readonly redirects: number;
  /** What shares its limits: the request's for its own host, else the host. */
  readonly limitKey: string;
  /** Of the whole request. */
  readonly cancellation: Cancellation;
}

/** What came back for a request. */
export interface Reply extends HttpResponse {
  /** Whether its session held no cookie when it was sent; undefined when it was not. */
  readonly wasAnonymous?: boolean;
  /** Whether it is the answer that another, equal request was given before. */
  readonly fromCache: boolean;
  /** Where the body is kept, if not in `body`. */
  readonly blob?: BlobRef;
}

/** What the request's step says of all its requests. */
export function stepPolicyOf({ work: { run, lease } }: Pick<RequestContext, 'work'>): StepPolicy {
  const { moduleId, stepIdx } = lease.node;
  return moduleOf(run, moduleId).definition.steps[stepIdx]!.policy;
}

/** The policies around what is last, the first one outermost. */
export function compose<Context, Response>(
  policies: readonly Policy<Context, Response>[],
  last: Next<Context, Response>,
): Next<Context, Response> {
  return policies.reduceRight<Next<Context, Response>>((next, policy) => (context) => policy(context, next), last);
}
