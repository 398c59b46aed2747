/**
 * Downloader: claims a request, performs it within its host's limits, and hands the response to the parser. A free parser in
 * this process gets it under the same lease; otherwise the node is released and the response goes over the bus. A failed
 * download is a response too.
 */

import { decodeRequest, type RequestBody } from '../../libs/calls/node-body.ts';
import type { Message } from '../../libs/contracts/chain.ts';
import type { ResponseModel } from '../../libs/contracts/messages.ts';
import type { NodeRef } from '../../libs/coordination/protocol/node.ts';
import { type CatenaError, toCatenaError } from '../../libs/errors/catena-error.ts';
import { toFailure } from '../../libs/errors/failure.ts';
import type { Permit } from '../../libs/limits/limiter.ts';
import { type Ending, executeHeld, executeNode } from '../../libs/stage/execution/execute-node.ts';
import type { DownloadWork } from '../../libs/stage/execution/hand-over.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import { toChainError } from '../../libs/stage/messages/chain-error.ts';
import { failSpan, isTracing, noteOnSpan, type SpanFields } from '../../libs/telemetry/spans.ts';
import type { DownloaderDeps } from './deps.ts';
import { type Downloaded, download } from './download.ts';
import { hostFields } from './http/traced-send.ts';
import type { Receipt } from './policies/policy.ts';

type DownloaderOutcome = Outcome<'downloader'>;

/** Handles a request from the bus, with the permit to send it. */
export async function handle(
  deps: DownloaderDeps,
  { model }: Message<'request'>,
  permit: Permit,
): Promise<DownloaderOutcome> {
  const { moduleId, phase, epoch } = model.context!;
  const node: NodeRef = { id: model.id, runId: model.runId, moduleId, phase };
  const origin = { task: model.task!, metadata: {} };
  const aside = deps.aside === undefined ? {} : { aside: deps.aside };
  const ref = { stage: 'downloader', node, epoch, origin, ...aside } as const;
  try {
    return await executeNode(deps.execution, ref, ({ run, lease }) => downloadHeld(deps, { run, lease, permit }));
  } finally {
    permit.release();
  }
}

/** Handles a request that its hop's commit has claimed for this process, with the permit to send it. */
export function handleLocal(deps: DownloaderDeps, work: DownloadWork): Promise<DownloaderOutcome> {
  return executeHeld(deps.execution, work, { stage: 'downloader' }, () => downloadHeld(deps, work));
}

/** The body: the response goes to a free parser in this process under the same lease, or over the bus. */
async function downloadHeld(deps: DownloaderDeps, work: DownloadWork): Promise<Ending> {
  const { run, lease } = work;
  const response = await perform(deps, work);
  const slot = deps.parser.reserve();
  return slot === undefined
    ? { kind: 'release', message: { kind: 'response', model: response } }
    : { kind: 'passOn', start: () => slot.start({ run, lease, response }) };
}

/** Performs the request. A failure becomes a response; only a lost lease is thrown. */
async function perform(deps: DownloaderDeps, work: DownloadWork): Promise<ResponseModel> {
  const { lease, permit } = work;
  const request = decodeRequest(lease.node.body);
  const receipt: Receipt = { attempt: '' };
  let response: ResponseModel;
  try {
    const downloaded = await download(deps, work, request, receipt);
    if (isTracing()) noteDownload(downloaded);
    response = toResponse(work, downloaded);
  } catch (thrown) {
    if (lease.signal.aborted) throw thrown;
    const error = toCatenaError(thrown, 'download.failed', 'retryable');
    if (isTracing()) failSpan(error.code, error.message, { class: error.class, ...hostOf(request.url) });
    response = toFailedResponse(work, request, error);
  } finally {
    permit.release();
  }
  return { ...response, costAttempt: receipt.attempt };
}

/** What the span of a download says of it: from where, what came, and how much. */
function noteDownload({ status, url, content, fromCache, timings }: Downloaded): void {
  const bytes = content?.$case === 'blob' ? content.value.sizeBytes : content?.value.byteLength;
  noteOnSpan({
    ...hostOf(url),
    'http.response.status_code': status,
    ...(bytes === undefined ? {} : { 'http.response.decoded_body.size': bytes }),
    ...{ from_cache: fromCache, first_byte_ms: Math.round(timings.firstByteMs), total_ms: Math.round(timings.totalMs) },
  });
}

function hostOf(url: string): SpanFields {
  const parsed = URL.parse(url);
  return parsed === null ? {} : hostFields(parsed);
}

function toResponse({ run, lease }: DownloadWork, downloaded: Downloaded): ResponseModel {
  const { status, url, headers, timings } = downloaded;
  return {
    ...responseTo(lease.node, run.task),
    status,
    finalUrl: url,
    headers: headers.map(([name, value]) => ({ name, value })),
    content: downloaded.content,
    timings,
    fromCache: downloaded.fromCache,
  };
}

function toFailedResponse({ run, lease }: DownloadWork, { url }: RequestBody, error: CatenaError): ResponseModel {
  const failure = toFailure(error, 'downloader');
  return { ...responseTo(lease.node, run.task), finalUrl: url, error: toChainError(failure) };
}

function responseTo(node: DownloadWork['lease']['node'], task: DownloadWork['run']['task']): ResponseModel {
  return {
    requestId: node.id,
    runId: node.runId,
    task,
    context: {
      moduleId: node.moduleId,
      stepIdx: node.stepIdx,
      phase: node.phase,
      epoch: node.epoch,
      stayCurrentStep: false,
      branch: '',
    },
    prefixRequest: node.prefixRequest,
    status: 0,
    finalUrl: '',
    headers: [],
    content: undefined,
    timings: undefined,
    fromCache: false,
    error: undefined,
    costAttempt: '',
  };
}
