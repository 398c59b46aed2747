/** Admission: what a request waits for before it is claimed, since waiting needs no lease. */

import { shareOf } from '../../libs/bus/share-of.ts';
import { decodeRequest } from '../../libs/calls/node-body.ts';
import type { Share } from '../../libs/concurrency/fair-queue.ts';
import type { Message } from '../../libs/contracts/chain.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { Permit } from '../../libs/limits/limiter.ts';
import { type LoadedRun, loadRunOf, moduleOf } from '../../libs/stage/run/runs.ts';
import type { DownloaderDeps } from './deps.ts';
import { AnsweredPermit, findAnswerAhead } from './policies/cache.ts';
import { AdmittedPermit } from './policies/host-permit.ts';
import { untilDue } from './policies/not-before.ts';

/** The permit of a request that will not be sent: it takes no room, and the handler records why. */
const NOTHING_TO_SEND: Permit = { release: () => undefined };

/**
 * Waits until this process starts nodes, and until the request's run, its step and its host have room for it. A request whose
 * response is in the cache does not wait for room.
 */
export async function admit(deps: DownloaderDeps, message: Message<'request'>, signal: AbortSignal): Promise<Permit> {
  const { model } = message;
  const { moduleId, stepIdx } = model.context!;
  await deps.execution.solitude.opened(signal);
  const run = await loadRunOf(deps.execution.runs, { runId: model.runId, moduleId });
  if (run instanceof CatenaError) return NOTHING_TO_SEND;
  const module = moduleOf(run, moduleId);
  const policy = module.definition.steps[stepIdx]?.policy;
  if (policy?.cache !== undefined) {
    const answered = await answeredAhead(deps, run, model, signal);
    if (answered !== undefined) return answered;
  }
  const ofRun = module.concurrency.get(stepIdx);
  const own = [
    ...(ofRun === undefined ? [] : [ownKey(deps, `run:${model.runId}:${moduleId}:${stepIdx}`, ofRun)]),
    ...(policy?.concurrency === undefined ? [] : [ownKey(deps, `step:${moduleId}:${stepIdx}`, policy.concurrency)]),
  ];
  const share = shareOf(message);
  return own.length === 0
    ? deps.limiter.acquire(model.limitKey, signal, 'last', share)
    : acquireAll(deps, [...own, model.limitKey], share, signal);
}

/**
 * Reads the request from its node, because the wake-up does not carry it: its response may be cached, or it may have to wait
 * before it asks for room.
 */
async function answeredAhead(
  deps: DownloaderDeps,
  run: LoadedRun,
  { id, runId, context }: Message<'request'>['model'],
  signal: AbortSignal,
): Promise<AnsweredPermit | undefined> {
  const { moduleId, phase } = context!;
  const node = await deps.execution.coordinator.findNode({ id, runId, moduleId, phase });
  if (node === undefined) return undefined;
  const request = decodeRequest(node.body);
  const answer = await findAnswerAhead(deps, { run, node, request });
  if (answer !== undefined) return new AnsweredPermit(node.body, answer);
  await untilDue(deps.clock, request, signal);
  return undefined;
}

/** A key with a concurrency limit of its own and no rate. */
function ownKey({ limiter }: DownloaderDeps, key: string, concurrency: number): string {
  limiter.setLimits(key, { concurrency, requestsPerSecond: 0 });
  return key;
}

/** Acquires the permits of all keys in order, the host's last, or none of them. */
async function acquireAll(
  { limiter }: DownloaderDeps,
  keys: readonly string[],
  share: Share,
  signal: AbortSignal,
): Promise<Permit> {
  const permits: Permit[] = [];
  try {
    for (const key of keys) permits.push(await limiter.acquire(key, signal, 'last', share));
    const [ofHost, ...own] = permits.toReversed();
    return new AdmittedPermit(ofHost!, own);
  } catch (thrown) {
    for (const permit of permits.reverse()) permit.release();
    throw thrown;
  }
}
