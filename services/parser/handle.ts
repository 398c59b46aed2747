/**
 * Parser: takes a response over, runs the step's parse on it, stores its items and commits the next hops; or records why it
 * could not.
 */

import type { Message } from '../../libs/contracts/chain.ts';
import { ResponseModel } from '../../libs/contracts/messages.ts';
import { ClaimCode } from '../../libs/coordination/protocol/claims.ts';
import type { NodeRef } from '../../libs/coordination/protocol/node.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { commitYield } from '../../libs/stage/execution/commit-yield.ts';
import { claimNode, recordFailure } from '../../libs/stage/execution/execution.ts';
import { nodeFailure } from '../../libs/stage/execution/failing.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import { failUnloaded, loadRunOf } from '../../libs/stage/execution/unloaded.ts';
import type { ParseWork } from '../../libs/stage/execution/work.ts';
import { gather, type Yield } from '../../libs/stage/execution/yield.ts';
import { fromChainError } from '../../libs/stage/messages/chain-error.ts';
import { decodeRequest } from '../../libs/stage/node/node-body.ts';
import { emittedSeed } from '../../libs/stage/node/seeds.ts';
import { type LoadedModule, moduleOf } from '../../libs/stage/run/runs.ts';
import { Bill, settleBill } from './cost.ts';
import { giveUp } from './give-up.ts';
import { toPage } from './page.ts';
import type { RecordedParse } from './record.ts';
import type { ParserDeps } from './service.ts';

type ParserOutcome = Outcome<'parser'>;

/** A response that came over the bus: its node has yet to be taken over. */
export async function handle(deps: ParserDeps, { model }: Message<'response'>): Promise<ParserOutcome> {
  const { moduleId, phase, epoch } = model.context!;
  const node: NodeRef = { id: model.requestId, runId: model.runId, moduleId, phase };
  const run = await loadRunOf(deps.runs, node);
  if (run instanceof CatenaError) {
    const origin = { task: model.task!, metadata: {} };
    return failUnloaded(deps, { node, epoch, stage: 'parser' }, origin, run, 'parser');
  }
  const claimed = await claimNode(deps, { node, epoch, stage: 'parser' });
  if (claimed.kind === 'claimed') return parseLeased(deps, { run, lease: claimed.lease, response: model });
  // Its body is worth keeping: a response waits for its node, a bell would not.
  if (claimed.code === ClaimCode.LOCKED_BY_OTHER) {
    return { kind: 'retry', delayMs: claimed.retryInMs, reason: claimed.reason };
  }
  if (claimed.code === ClaimCode.OUT_OF_ORDER) {
    await deps.coordinator.reorderEnqueue({ node, epoch, response: JSON.stringify(ResponseModel.toJSON(model)) });
  }
  return { kind: 'skip', reason: claimed.reason };
}

/** A response whose node is held already: its download was made in this process. */
export async function parseLeased(deps: ParserDeps, { run, lease, response }: ParseWork): Promise<ParserOutcome> {
  const { node } = lease;
  try {
    const module = moduleOf(run, node.moduleId);
    const work = { run, lease, response };
    const bill = new Bill(node, response);
    const yielded = await parse(deps, module, work, bill)
      .catch((thrown: unknown) => giveUp(deps, module, work, { thrown, bill }))
      .finally(() => settleBill(deps, node, bill));
    const outcome = await commitYield(deps, run, lease, yielded);
    if (outcome.kind === 'next') deps.meters.parsed();
    return outcome;
  } catch (thrown) {
    const error = nodeFailure(thrown, lease);
    if (error === undefined) return { kind: 'skip', reason: 'lease lost' };
    deps.meters.parseFailed();
    return recordFailure(deps, run, lease, error, response.error === undefined ? 'parser' : 'downloader');
  }
}

async function parse(
  deps: ParserDeps,
  { definition, input }: LoadedModule,
  { run, lease, response }: ParseWork,
  bill: Bill,
): Promise<Yield> {
  const { node } = lease;
  if (response.error !== undefined) throw fromChainError(response.error);
  const step = definition.steps[node.stepIdx];
  if (step === undefined) {
    throw new CatenaError('module.unknown_step', `${definition.id} has no step with the position ${node.stepIdx}`);
  }
  const { state: received } = decodeRequest(node.body);
  const checked = step.checkState(received);
  const state = checked instanceof Promise ? await checked : checked;
  const { account, platform, runId } = run.task;
  const page = await toPage(deps.blobs, response);
  const emissions = definition.parse(node.stepIdx, {
    input,
    state,
    account,
    platform,
    runId,
    acceptedAtMs: run.record.acceptedAtMs,
    deadlineAtMs: run.record.deadlineAtMs,
    page,
    get signal() {
      return lease.signal;
    },
  });
  const yielded = await gather(emissions, {
    lease,
    coordinator: deps.coordinator,
    toSeed: (hop) => emittedSeed(run, definition, hop, node),
    maxYields: deps.config.maxYieldsPerParse,
    onCharge: bill.charge,
  });
  const { moduleId, id: nodeId, stepIdx } = node;
  await record(deps, { moduleId, nodeId, stepIdx, input, state: received, page, yielded });
  return yielded;
}

/** A page that cannot be kept is a loss for tests, not for the run. */
async function record({ recorder, log }: ParserDeps, parse: RecordedParse): Promise<void> {
  try {
    await recorder?.record(parse);
  } catch (error) {
    log.error('a page could not be recorded', { error, url: parse.page.url });
  }
}
