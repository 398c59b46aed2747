/**
 * Downloader: claims a request, performs it within its host's limits, and hands the response to the parser: in this process
 * under the same lease, else released and over the bus. A failed download is a response too.
 */

import type { Message } from '../../libs/contracts/chain.ts';
import type { ResponseModel } from '../../libs/contracts/messages.ts';
import { type CodeOf, ReleaseCode } from '../../libs/coordination/protocol/codes.ts';
import type { NodeRef } from '../../libs/coordination/protocol/node.ts';
import { CatenaError, toCatenaError } from '../../libs/errors/catena-error.ts';
import { toFailure } from '../../libs/errors/failure.ts';
import type { Permit } from '../../libs/limits/limiter.ts';
import { claimNode } from '../../libs/stage/execution/execution.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import { failUnloaded, loadRunOf } from '../../libs/stage/execution/unloaded.ts';
import type { DownloadWork } from '../../libs/stage/execution/work.ts';
import { toChainError } from '../../libs/stage/messages/chain-error.ts';
import { decodeRequest, type RequestBody } from '../../libs/stage/node/node-body.ts';
import type { DownloaderDeps } from './deps.ts';
import { type Downloaded, download } from './download.ts';
import type { Receipt } from './policies/policy.ts';

type DownloaderOutcome = Outcome<'downloader'>;

export async function handle(
  deps: DownloaderDeps,
  { model }: Message<'request'>,
  permit: Permit,
): Promise<DownloaderOutcome> {
  const { moduleId, phase, epoch } = model.context!;
  const node: NodeRef = { id: model.id, runId: model.runId, moduleId, phase };
  try {
    const run = await loadRunOf(deps.runs, node);
    if (run instanceof CatenaError) {
      const origin = { task: model.task!, metadata: {} };
      return await failUnloaded(deps, { node, epoch, stage: 'downloader' }, origin, run, 'downloader');
    }
    const claimed = await claimNode(deps, { node, epoch, stage: 'downloader' });
    if (claimed.kind === 'claimed') return await downloadLeased(deps, { run, lease: claimed.lease, permit });
    return { kind: 'skip', reason: claimed.reason };
  } finally {
    permit.release();
  }
}

/** Performs a request that is held already, with the permit to send it. */
export async function downloadLeased(deps: DownloaderDeps, work: DownloadWork): Promise<DownloaderOutcome> {
  const { run, lease, permit } = work;
  const request = decodeRequest(lease.node.body);
  const receipt: Receipt = { attempt: '' };
  let response: ResponseModel;
  try {
    response = toResponse(work, await download(deps, work, request, receipt));
  } catch (thrown) {
    if (lease.signal.aborted) {
      lease.end();
      return { kind: 'skip', reason: 'lease lost' };
    }
    response = toFailedResponse(work, request, toCatenaError(thrown, 'download.failed', 'retryable'));
  } finally {
    permit.release();
  }
  response = { ...response, costAttempt: receipt.attempt };
  const slot = deps.parser.reserve();
  if (slot !== undefined) {
    return { kind: 'next', messages: [], handOver: { start: () => slot.start({ run, lease, response }) } };
  }
  return releaseToBus(deps, work, response);
}

/** No parser is free here: the lease ends, and the response travels by itself. */
async function releaseToBus(
  deps: DownloaderDeps,
  { lease }: DownloadWork,
  response: ResponseModel,
): Promise<DownloaderOutcome> {
  const { node } = lease;
  let code: CodeOf<typeof ReleaseCode>;
  try {
    code = await deps.coordinator.release({ node, token: node.token });
  } finally {
    lease.end();
  }
  if (code === ReleaseCode.FENCING_REJECT) return { kind: 'skip', reason: 'FENCING_REJECT' };
  return { kind: 'next', messages: [{ kind: 'response', model: response }] };
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
