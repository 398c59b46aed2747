/**
 * The response cache: an equal request is not sent again, if its author allows that. Responses for one run are stored with its
 * blobs and deleted with them. Responses kept for a time, or for other runs, are stored in the response cache of the store.
 */
import { hash } from 'node:crypto';
import type { RequestBody } from '../../../libs/calls/node-body.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { canonicalJson } from '../../../libs/keys/canonical-json.ts';
import type { Permit } from '../../../libs/limits/limiter.ts';
import type { CachePolicy } from '../../../libs/modules/contract/definition.ts';
import { payerIn, withPayer } from '../../../libs/stage/node/cost-attempt.ts';
import { type LoadedRun, moduleOf } from '../../../libs/stage/run/runs.ts';
import type { BlobStore } from '../../../libs/store/blob-store.ts';
import type { ResponseCache } from '../../../libs/store/response-cache.ts';
import type { Log } from '../../../libs/telemetry/log.ts';
import type { HttpResponse } from '../http/request.ts';
import type { CookieJar } from './cookie-jar.ts';
import { refreshCookies, type SharedCookiesDeps } from './cookies.ts';
import type { Reply, RequestPolicy } from './policy.ts';
import { namesSecret } from './secrets.ts';

interface AnsweredDeps extends SharedCookiesDeps {
  readonly blobs: Pick<BlobStore, 'get' | 'put'>;
  readonly responseCache: Pick<ResponseCache, 'find' | 'keep'>;
  readonly log: Log;
}

/** A request of a run. */
interface AskedOfRun {
  readonly run: LoadedRun;
  readonly node: { readonly id: string; readonly runId: string; readonly moduleId: string; readonly stepIdx: number };
  readonly request: RequestBody;
}

/** A request whose response may be cached. */
interface Cacheable {
  readonly node: AskedOfRun['node'];
  readonly policy: CachePolicy;
  /** Key among the run's blobs. */
  readonly runKey: string;
  /** Key in the response cache of the store. */
  readonly storeKey: string;
}

/** A cached response, and the node of the request that got it first. */
export interface Answer {
  readonly nodeId: string;
  readonly response: HttpResponse;
}

/** The permit of a request whose response is cached: it takes no room. */
export class AnsweredPermit implements Permit {
  readonly #body: string;
  readonly #answer: Answer;

  constructor(body: string, answer: Answer) {
    this.#body = body;
    this.#answer = answer;
  }

  /** Returns the response, if the node still asks the same request. */
  answerTo(body: string): Answer | undefined {
    return body === this.#body ? this.#answer : undefined;
  }

  release(): void {
    // It holds no room.
  }
}

/** Answers with the cached response if there is one; otherwise sends the request and stores its response. */
export const cache: RequestPolicy = async (context, next) => {
  const { deps, work, asked, receipt, jar } = context;
  const { node } = work.lease;
  const of = { run: work.run, node, request: asked };
  const ahead = work.permit instanceof AnsweredPermit ? work.permit.answerTo(node.body) : undefined;
  const answer = ahead ?? (await findAnswer(deps, of, jar));
  if (answer !== undefined) {
    const isOwn = answer.nodeId === node.id;
    // The first request has paid. If that was this one before a crash, its cost is reported now.
    if (isOwn) receipt.attempt = payerIn(answer.response.headers);
    return { ...answer.response, fromCache: !isOwn };
  }
  const reply = await next(context);
  // By the cookies that were sent: the response may have changed them.
  const kept = cacheable(of, reply.wasAnonymous === true);
  if (kept !== undefined) await keepAnswer(deps, kept, asKept(reply, receipt.attempt));
  return reply;
};

/** Finds the cached response of a request before its admission; the cookies are not up to date yet. */
export async function findAnswerAhead(deps: AnsweredDeps, of: AskedOfRun): Promise<Answer | undefined> {
  const { runId } = of.node;
  const { session = '' } = of.request;
  const wanted = policyOf(of);
  const isShared = wanted !== undefined && wanted !== 'run' && wanted.scope === 'shared';
  const jar = isShared ? await refreshCookies(deps, { runId, session }) : undefined;
  return findAnswer(deps, of, jar);
}

/** Returns the cached response; undefined when the request has to be sent. */
async function findAnswer(deps: AnsweredDeps, of: AskedOfRun, jar: CookieJar | undefined): Promise<Answer | undefined> {
  const asked = cacheable(of, jar?.isEmpty ?? true);
  if (asked === undefined) return undefined;
  const { policy, storeKey } = asked;
  if (policy === 'run') return inRun(deps, asked);
  const { scope, ttlMs } = policy;
  const given = scope === 'shared' ? await inRun(deps, asked) : undefined;
  if (given !== undefined) return given;
  const kept = await deps.responseCache.find(storeKey, ttlMs).catch((error: unknown) => {
    deps.log.warn('the response cache could not be read; the request is sent', { run_id: asked.node.runId, error });
    return undefined;
  });
  if (kept === undefined) return undefined;
  // Stored with the run too, so that the run gets the same response from now on.
  if (scope === 'shared') await attempt(deps, asked, () => keepInRun(deps, asked, kept));
  return decode(kept);
}

/**
 * The cache keys of a request; undefined for one that is always sent. When the session has cookies, only responses of the same
 * run are used: the cookies may be somebody's login.
 */
function cacheable(asked: AskedOfRun, isAnonymous: boolean): Cacheable | undefined {
  const { node, request } = asked;
  const wanted = policyOf(asked);
  if (wanted === undefined) return undefined;
  const policy = wanted === 'run' || wanted.scope === 'run' || isAnonymous ? wanted : 'run';
  return { node, policy, runKey: runKeyOf(request), storeKey: policy === 'run' ? '' : storeKeyOf(asked, policy.scope) };
}

/** Stores a complete response with a 2xx status. Never fails: without it the request is only sent once more. */
async function keepAnswer(deps: AnsweredDeps, asked: Cacheable, response: HttpResponse): Promise<void> {
  if (response.partial || response.status < 200 || response.status > 299) return;
  const { node, policy, storeKey } = asked;
  const bytes = encode({ nodeId: node.id, response });
  if (policy === 'run') return attempt(deps, asked, () => keepInRun(deps, asked, bytes));
  const { scope, ttlMs } = policy;
  if (scope === 'shared') await attempt(deps, asked, () => keepInRun(deps, asked, bytes));
  const forAll = scope === 'run' ? bytes : encode({ nodeId: node.id, response: withoutCookies(response) });
  await attempt(deps, asked, () => deps.responseCache.keep(storeKey, forAll, ttlMs));
}

async function inRun({ blobs }: AnsweredDeps, { node, runKey }: Cacheable): Promise<Answer | undefined> {
  try {
    return decode(await blobs.get(node.runId, runKey));
  } catch (thrown) {
    if (thrown instanceof CatenaError && thrown.code === 'store.blob_missing') return undefined;
    throw thrown;
  }
}

async function keepInRun({ blobs }: AnsweredDeps, { node, runKey }: Cacheable, bytes: Uint8Array): Promise<void> {
  await blobs.put(node.runId, runKey, bytes);
}

async function attempt({ log }: AnsweredDeps, { node }: Cacheable, keep: () => Promise<void>): Promise<void> {
  try {
    await keep();
  } catch (error) {
    log.warn('the response cache could not store a response', { run_id: node.runId, node_id: node.id, error });
  }
}

/** Key within a run: all that is sent. Secrets are in it by name only, and a run has one account. */
function runKeyOf(request: RequestBody): string {
  return `answer-${hash('sha256', canonicalJson(sent(request)), 'hex')}`;
}

function sent({
  method,
  url,
  headers,
  body = '',
  session = '',
  cacheKey = '',
  untrusted = false,
}: RequestBody): string[] {
  const ordered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  // What a trusted request may read of an address, an untrusted one may not get from its response either.
  const restricted = untrusted ? ['untrusted'] : [];
  return [method, url, canonicalJson(Object.fromEntries(ordered)), body, session, cacheKey, ...restricted];
}

/** Key for other runs. A request that names a secret has its account in the key, so that no account gets another's response. */
function storeKeyOf({ run, node, request }: AskedOfRun, scope: 'run' | 'shared'): string {
  if (scope === 'run') return hash('sha256', canonicalJson(['run', node.runId, sent(request)]), 'hex');
  const { account, platform } = run.task;
  const named = namesSecret(request.headers) ? [account, platform] : [];
  return hash('sha256', canonicalJson(['shared', named, sent(request)]), 'hex');
}

function policyOf({ run, node, request }: AskedOfRun): CachePolicy | undefined {
  const ofStep = moduleOf(run, node.moduleId).definition.steps[node.stepIdx]?.policy.cache;
  const policy = request.cache ?? ofStep;
  return policy === false ? undefined : policy;
}

/** A response as it is stored: with the attempt that paid for it. */
function asKept({ status, url, headers, body, partial, timings, redirects }: Reply, attempt: string): HttpResponse {
  return { status, url, headers: withPayer(headers, attempt), body, partial, timings, redirects };
}

/** Removes the cookies, because a session of one run must not be used by another. */
function withoutCookies(response: HttpResponse): HttpResponse {
  return { ...response, headers: response.headers.filter(([name]) => name !== 'set-cookie') };
}

function encode({ nodeId, response }: Answer): Uint8Array {
  const body = Buffer.from(response.body).toString('base64');
  return Buffer.from(JSON.stringify({ nodeId, response: { ...response, body } }));
}

function decode(kept: Uint8Array): Answer {
  const { nodeId, response } = JSON.parse(Buffer.from(kept).toString()) as {
    readonly nodeId: string;
    readonly response: Omit<HttpResponse, 'body'> & { readonly body: string };
  };
  return { nodeId, response: { ...response, body: Buffer.from(response.body, 'base64') } };
}
