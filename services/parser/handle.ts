/**
 * Parser: claims the node of a response, runs the step's parse on it, stores its items and commits the next hops; or records the
 * failure.
 */

import { decodeRequest } from '../../libs/calls/node-body.ts';
import { unlessAborted } from '../../libs/concurrency/abort.ts';
import type { Message } from '../../libs/contracts/chain.ts';
import { ResponseModel } from '../../libs/contracts/messages.ts';
import { ClaimCode } from '../../libs/coordination/protocol/claims.ts';
import type { ChainNode, NodeRef } from '../../libs/coordination/protocol/node.ts';
import type { PageSource } from '../../libs/modules/contract/definition.ts';
import { type Ending, executeHeld, executeNode, type Refused } from '../../libs/stage/execution/execute-node.ts';
import { gather, type Yield } from '../../libs/stage/execution/gather.ts';
import type { ParseWork } from '../../libs/stage/execution/hand-over.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import { fromChainError } from '../../libs/stage/messages/chain-error.ts';
import { type LoadedModule, type LoadedRun, moduleOf } from '../../libs/stage/run/runs.ts';
import { judgedPage } from './another-download.ts';
import { Bill, payBill } from './cost.ts';
import type { ParserDeps, RecordedParse } from './deps.ts';
import { giveUp } from './give-up.ts';
import { downloadedBytes, storedBytes, toPage } from './page.ts';

type ParserOutcome = Outcome<'parser'>;

/** Handles a response from the bus, whose node is claimed here. */
export function handle(deps: ParserDeps, { model }: Message<'response'>): Promise<ParserOutcome> {
  const { moduleId, phase, epoch } = model.context!;
  const node: NodeRef = { id: model.requestId, runId: model.runId, moduleId, phase };
  return executeNode(
    deps.execution,
    {
      stage: 'parser',
      node,
      epoch,
      origin: { task: model.task!, metadata: {} },
      failsIn: failsIn(model),
      onRefused: (refused) => keepResponse(deps, node, model, refused),
    },
    (held) => parseHeld(deps, { run: held.run, lease: held.lease, response: model }),
  );
}

/** Handles a response that was downloaded in this process, so that its node is held already. */
export function handleLocal(deps: ParserDeps, work: ParseWork): Promise<ParserOutcome> {
  const ref = { stage: 'parser', failsIn: failsIn(work.response) } as const;
  return executeHeld(deps.execution, work, ref, () => parseHeld(deps, work));
}

/** The stage of the failure: a response with an error failed in the downloader. */
function failsIn({ error }: ResponseModel): 'parser' | 'downloader' {
  return error === undefined ? 'parser' : 'downloader';
}

/** Keeps a response whose node cannot be claimed now, because its body would have to be downloaded again. */
async function keepResponse(
  { execution }: ParserDeps,
  node: NodeRef,
  model: ResponseModel,
  { code, reason, retryInMs }: Refused,
): Promise<ParserOutcome | undefined> {
  if (code === ClaimCode.LOCKED_BY_OTHER) return { kind: 'retry', delayMs: retryInMs, reason };
  if (code === ClaimCode.OUT_OF_ORDER) {
    const response = JSON.stringify(ResponseModel.toJSON(model));
    await execution.coordinator.reorderEnqueue({ node, epoch: model.context!.epoch, response });
  }
  return undefined;
}

/** The body: commits what the step yields for the page, or for a request that failed for good. */
async function parseHeld(deps: ParserDeps, work: ParseWork): Promise<Ending> {
  const { node } = work.lease;
  const module = moduleOf(work.run, node.moduleId);
  const bill = new Bill(node, work.response);
  const hold = deps.bodyMemory.open();
  let body: Uint8Array | undefined;
  const readPage = async () => {
    const room = hold.grow(storedBytes(work.response));
    if (room !== undefined) await unlessAborted(room, work.lease.signal);
    const page = await toPage(deps.blobs, work.response);
    body = page.body;
    return page;
  };
  const yielded = await parse(deps, module, work, { bill, readPage })
    .catch((thrown: unknown) => giveUp(deps, module, work, { thrown: judgedPage(thrown, node, body), bill }))
    .catch((thrown: unknown) => {
      throw judgedPage(thrown, node, body);
    })
    .finally(() => hold.release())
    .finally(() => payBill({ budgets: deps.budgets, log: deps.execution.log }, node, bill));
  return { kind: 'commit', yielded, bytes: downloadedBytes(work.response), childStage: 'ingress' };
}

async function parse(
  deps: ParserDeps,
  { definition }: LoadedModule,
  { run, lease, response }: ParseWork,
  { bill, readPage }: { readonly bill: Bill; readonly readPage: () => Promise<PageSource> },
): Promise<Yield> {
  const { node } = lease;
  if (response.error !== undefined) throw fromChainError(response.error);
  const page = await readPage();
  const yielded = await gather(
    definition,
    { fn: 'parse', run: run.context, node, signal: lease.signal, page },
    { lease, coordinator: deps.execution.coordinator, onCharged: bill.charge },
  );
  await record(deps, run, { node, page, yielded });
  return yielded;
}

/** Records a page for tests. Never throws: a failure must not affect the run. */
async function record(
  { recorder, execution }: ParserDeps,
  run: LoadedRun,
  { node, page, yielded }: Pick<RecordedParse, 'page' | 'yielded'> & { readonly node: ChainNode },
): Promise<void> {
  if (recorder === undefined) return;
  const { moduleId, id: nodeId, stepIdx, body } = node;
  const { input } = run.context;
  try {
    await recorder.record({ moduleId, nodeId, stepIdx, input, state: decodeRequest(body).state, page, yielded });
  } catch (error) {
    execution.log.error('the parser could not record a page for tests', { error, url: page.url });
  }
}
