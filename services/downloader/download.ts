import type { ResponseModel } from '../../libs/contracts/messages.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { DownloadWork } from '../../libs/stage/execution/hand-over.ts';
import { PARTIAL_HEADER } from '../../libs/stage/messages/response-headers.ts';
import { payerIn, withoutPayer, withPayer } from '../../libs/stage/node/cost-attempt.ts';
import type { RequestBody } from '../../libs/stage/node/node-body.ts';
import { moduleOf } from '../../libs/stage/run/runs.ts';
import { AnsweredPermit } from './admit.ts';
import { type Cacheable, cacheable, findAnswer, keepAnswer } from './answered.ts';
import { guarded } from './breaker.ts';
import { type Price, pay, type Receipt } from './cost.ts';
import { downloadError } from './download-error.ts';
import type { HttpResponse } from './http-client.ts';
import { targetOf } from './request.ts';
import { obeyRetryAfter } from './retry-after.ts';
import { unseal, withoutSecrets } from './secrets.ts';
import type { DownloaderDeps } from './service.ts';

/** A response whose body is where it is to be kept. */
export interface Downloaded {
  readonly status: number;
  readonly url: string;
  readonly headers: HttpResponse['headers'];
  readonly timings: NonNullable<ResponseModel['timings']>;
  readonly content: ResponseModel['content'];
  /** Whether it is the answer that another, equal request was given before. */
  readonly fromCache: boolean;
}

/** Performs one request, politely. Throws CatenaErrors `download.…` and `robots.…`. */
export async function download(
  deps: DownloaderDeps,
  work: DownloadWork,
  request: RequestBody,
  receipt: Receipt,
): Promise<Downloaded> {
  const { run, lease } = work;
  const { node } = lease;
  const limitKey = node.limitKey ?? '';
  const { runId } = node;
  // A process that generated none of its requests learns a key's limits here.
  if (request.limits !== undefined) deps.limiter.setLimits(limitKey, request.limits);
  const asked = { run, node, request };
  const ahead = work.permit instanceof AnsweredPermit ? work.permit.answerTo(node.body) : undefined;
  const answered = ahead ?? (await findAnswer(deps, asked));
  if (answered !== undefined) {
    // Whoever got it first has paid; if that was this request, before a crash, its cost is told now.
    if (answered.nodeId === node.id) receipt.attempt = payerIn(answered.response.headers);
    return { ...(await kept(deps, node, answered.response)), fromCache: answered.nodeId !== node.id };
  }
  if (deps.config.obeyRobots && request.robots !== 'ignore') await askRobots(deps, request.url, limitKey, lease.signal);
  const { policy } = moduleOf(run, node.moduleId).definition.steps[node.stepIdx]!;
  const totalTimeoutMs = timeLeftMs(deps, request, policy.timeoutMs);
  const { headers, names, secrets } = await unseal(request.headers, (name) => deps.secret(run.task, name));
  // As the request is sent: what it is answered may change the cookies.
  let sent: Cacheable | undefined;
  const fetch = (): Promise<HttpResponse> =>
    observed(deps, request.url, () => {
      sent = cacheable(deps, asked);
      return deps.http.fetch(
        {
          method: request.method,
          url: request.url,
          headers: withIdempotencyKey(request.method, headers, node.id),
          jar: deps.cookies.forRun(runId, request.session ?? ''),
          originOnly: names,
          keepsPartial: request.partial === true,
          ...(request.body === undefined ? {} : { body: Buffer.from(request.body, 'base64') }),
          ...totalTimeout(timeLeftMs(deps, request, policy.timeoutMs)),
        },
        lease.signal,
      );
    });
  const { costMicros: amount } = request;
  const patienceMs = totalTimeoutMs ?? deps.breakers.timeoutMs;
  const paid = async (price: Price): Promise<HttpResponse> => {
    await pay(deps, node, price, receipt, lease.signal);
    return fetch();
  };
  const send = amount === undefined ? fetch : () => paid({ amount, cap: run.record.costCap, patienceMs });
  const breaker = request.breaker ?? policy.breaker;
  const received =
    breaker === undefined
      ? await send()
      : await guarded({ ...deps.breakers, log: deps.log }, breaker, { node, timeoutMs: totalTimeoutMs, send });
  const honest = withoutSecrets(received, secrets);
  const response = { ...honest, headers: withPayer(honest.headers, receipt.attempt) };
  obeyRetryAfter(deps, limitKey, response);
  if (sent !== undefined) await keepAnswer(deps, sent, response);
  return { ...(await kept(deps, node, response)), fromCache: false };
}

function totalTimeout(totalTimeoutMs: number | undefined): { readonly totalTimeoutMs?: number } {
  return totalTimeoutMs === undefined ? {} : { totalTimeoutMs };
}

/** What the request may take, in milliseconds; undefined: the client's default. Throws `download.deadline_exceeded`. */
function timeLeftMs(
  { clock }: DownloaderDeps,
  { url, timeoutMs, untilMs }: RequestBody,
  ofStepMs: number | undefined,
): number | undefined {
  const ownMs = timeoutMs ?? ofStepMs;
  if (untilMs === undefined) return ownMs;
  const leftMs = untilMs - clock.now();
  if (leftMs <= 0) throw downloadError('download.deadline_exceeded', { url, data: { untilMs } });
  return Math.min(leftMs, ownMs ?? leftMs);
}

async function kept(
  deps: DownloaderDeps,
  { runId, id }: { readonly runId: string; readonly id: string },
  { status, url, headers, timings, body, partial }: HttpResponse,
): Promise<Omit<Downloaded, 'fromCache'>> {
  const honest = withoutPayer(headers).filter(([name]) => name !== PARTIAL_HEADER);
  const content = await keep(deps, runId, id, body);
  return { status, url, headers: partial ? [...honest, [PARTIAL_HEADER, 'true']] : honest, timings, content };
}

/** Tells the observer how long a request took. */
async function observed(deps: DownloaderDeps, url: string, fetch: () => Promise<HttpResponse>): Promise<HttpResponse> {
  const { onDownload, clock } = deps;
  if (onDownload === undefined) return fetch();
  const { host } = new URL(url);
  const sentAtMs = clock.monotonic();
  try {
    const response = await fetch();
    onDownload(host, clock.monotonic() - sentAtMs, String(response.status));
    return response;
  } catch (thrown) {
    onDownload(host, clock.monotonic() - sentAtMs, 'failed');
    throw thrown;
  }
}

async function askRobots(deps: DownloaderDeps, url: string, limitKey: string, signal: AbortSignal): Promise<void> {
  const target = targetOf(url);
  const rule = deps.robots.cached(target) ?? (await deps.robots.check(target, signal));
  if (!rule.allowed) {
    throw new CatenaError('robots.disallowed', `robots.txt does not allow ${url}`, {
      data: { url },
      remedy: 'leave the page out, or set robots.enabled to false where you may',
    });
  }
  if (rule.crawlDelayMs !== undefined) deps.limiter.setMinInterval(limitKey, rule.crawlDelayMs);
}

/** A redo of a request that changes something carries the same key, for servers that honour one. */
function withIdempotencyKey(
  method: string,
  headers: RequestBody['headers'],
  nodeId: string,
): Readonly<Record<string, string>> {
  if (method === 'GET' || method === 'HEAD') return headers;
  return { 'idempotency-key': nodeId, ...headers };
}

async function keep(
  deps: DownloaderDeps,
  runId: string,
  nodeId: string,
  body: Uint8Array,
): Promise<ResponseModel['content']> {
  if (body.byteLength <= deps.config.blobThresholdBytes)
    return { $case: 'body', value: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
  const { key, sizeBytes } = await deps.blobs.put(runId, nodeId, body);
  return { $case: 'blob', value: { key, sizeBytes } };
}
