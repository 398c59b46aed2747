import type { ResponseModel } from '../../libs/contracts/messages.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { retryAfterMs } from '../../libs/limits/retry-after.ts';
import type { RequestBody } from '../../libs/stage/node-body.ts';
import { moduleOf } from '../../libs/stage/runs.ts';
import type { DownloadWork } from '../../libs/stage/work.ts';
import type { HttpResponse } from './http-client.ts';
import { targetOf } from './request.ts';
import type { DownloaderDeps } from './service.ts';

/** A response whose body is where it is to be kept. */
export interface Downloaded {
  readonly status: number;
  readonly url: string;
  readonly headers: HttpResponse['headers'];
  readonly timings: NonNullable<ResponseModel['timings']>;
  readonly content: ResponseModel['content'];
}

const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

/** Performs one request, politely. Throws CatenaErrors `download.…` and `robots.…`. */
export async function download(deps: DownloaderDeps, work: DownloadWork, request: RequestBody): Promise<Downloaded> {
  const { run, lease } = work;
  const { node } = lease;
  const limitKey = node.limitKey ?? '';
  if (deps.config.obeyRobots) await askRobots(deps, request.url, limitKey, lease.signal);
  const { policy } = moduleOf(run, node.moduleId).definition.steps[node.stepIdx]!;
  const totalTimeoutMs = request.timeoutMs ?? policy.timeoutMs;
  const response = await observed(deps, request.url, () =>
    deps.http.fetch(
      {
        method: request.method,
        url: request.url,
        headers: withIdempotencyKey(request, node.id),
        jar: deps.cookies.forRun(node.runId, request.session ?? ''),
        ...(request.body === undefined ? {} : { body: Buffer.from(request.body, 'base64') }),
        ...(totalTimeoutMs === undefined ? {} : { totalTimeoutMs }),
      },
      lease.signal,
    ),
  );
  if (response.status === TOO_MANY_REQUESTS || response.status === UNAVAILABLE) {
    const waitMs = retryAfterMs(response.headers, deps.clock.now());
    if (waitMs !== undefined) deps.limiter.delay(limitKey, deps.clock.now() + waitMs);
  }
  return {
    status: response.status,
    url: response.url,
    headers: response.headers,
    timings: response.timings,
    content: await keep(deps, node.runId, node.id, response.body),
  };
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
function withIdempotencyKey({ method, headers }: RequestBody, nodeId: string): Readonly<Record<string, string>> {
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
