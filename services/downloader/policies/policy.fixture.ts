/** Contexts for policy tests, with the fields that a test reads. */

import type { RequestBody } from '../../../libs/calls/node-body.ts';
import { ManualClock } from '../../../libs/clock/clock.ts';
import type { StepPolicy } from '../../../libs/modules/contract/definition.ts';
import type { DownloadWork } from '../../../libs/stage/execution/hand-over.ts';
import { roomyMemory } from '../../../test/fixtures/roomy-memory.ts';
import type { DownloaderDeps } from '../deps.ts';
import { Cancellation } from '../http/cancellation.ts';
import type { Answer } from '../http/exchange.ts';
import { firstHop } from '../http/hop.ts';
import { HostPermit } from './host-permit.ts';
import type { HopContext, Reply, RequestContext, SendingContext } from './policy.ts';

const URL_ASKED = 'http://shop.test/list';

interface RequestParts {
  readonly asked?: Partial<RequestBody>;
  readonly deps?: Partial<DownloaderDeps>;
  readonly policy?: StepPolicy;
}

export function requestContext({ asked = {}, deps = {}, policy = {} }: RequestParts = {}): RequestContext {
  const node = { id: 'node-1', runId: 'run-1', moduleId: 'shop@1.0.0', stepIdx: 0, epoch: 0, dispatches: 0 };
  const { signal } = new AbortController();
  const work = {
    run: {
      record: { costCap: undefined },
      task: { account: 'acme', platform: 'web' },
      modules: new Map([[node.moduleId, { definition: { steps: [{ policy }] } }]]),
    },
    lease: { node, signal, end: () => undefined },
    permit: { release: () => undefined },
  };
  const body: RequestBody = { state: {}, method: 'GET', url: URL_ASKED, headers: {}, ...asked };
  return {
    deps: { clock: new ManualClock(), ...deps } as DownloaderDeps,
    work: work as unknown as DownloadWork,
    asked: body,
    receipt: { attempt: '' },
    request: { method: body.method, url: body.url, headers: body.headers },
    limitKey: 'shop.test',
    obeysRobots: true,
    jar: undefined,
    permit: new HostPermit(),
    hold: roomyMemory().open(),
    signal,
    tracedAs: { destination: 'shop/page' },
  };
}

interface HopParts {
  readonly url?: string;
  readonly redirects?: number;
  readonly timeoutMs?: number;
  readonly limitKey?: string;
}

/** A hop of a request. The test must end the cancellation itself, if needed. */
export function hopContext(sending: SendingContext, parts: HopParts = {}): HopContext {
  const { url = URL_ASKED, redirects = 1, timeoutMs = 1_000, limitKey = new URL(url).host } = parts;
  const hop = firstHop({ method: 'GET', url, headers: {} }, 'Bench');
  return { sending, hop, redirects, limitKey, cancellation: new Cancellation(hop.url, sending.signal, timeoutMs) };
}

export function replyOf(changes: Partial<Reply> = {}): Reply {
  return {
    status: 200,
    url: URL_ASKED,
    headers: [],
    body: Buffer.from('page'),
    partial: false,
    timings: { queuedMs: 0, firstByteMs: 0, totalMs: 0 },
    redirects: 0,
    fromCache: false,
    ...changes,
  };
}

export function answerOf(changes: Partial<Answer> = {}): Answer {
  return {
    status: 200,
    headers: [],
    body: Buffer.from('page'),
    receivedBytes: 4,
    partial: false,
    queuedMs: 0,
    firstByteMs: 0,
    ...changes,
  };
}
