/** Executes dead nodes of a run again, batch by batch, and reports the outcome of each. */
import { setTimeout as delay } from 'node:timers/promises';
import { type FieldIssue, rangeFault, requireNone } from '../../../libs/contracts/request-check.ts';
import {
  type ReplayDeadLettersRequest,
  type ReplayDeadLettersResponse,
  type ReplayedNode,
  ReplayOutcome,
} from '../../../libs/contracts/services.ts';
import { ReplayCode } from '../../../libs/coordination/protocol/errors.ts';
import { type ChainNode, REPLAYABLE, REPLAYED_BY_DEFAULT } from '../../../libs/coordination/protocol/node.ts';
import type { WakeUp } from '../../../libs/coordination/protocol/outcome.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { childMessages } from '../../../libs/stage/messages/wake-ups.ts';
import { requireUnmarked } from '../../../libs/stage/run/tasks.ts';
import type { RunRecord } from '../../../libs/store/port.ts';
import { audit } from '../../../libs/telemetry/audit.ts';
import { nodeIdFault } from './dead-letters.ts';
import type { IngressApiDeps } from './deps.ts';
import { findRun, notOpen } from './find-run.ts';
import { keepOpen } from './keep-open.ts';

const BATCH = 100;
const MAX_NODE_IDS = 1_000;
/** The longest wait for a drain. */
const MAX_DRAIN_LOOKS = 40;

const OUTCOME = {
  [ReplayCode.REPLAYED]: ReplayOutcome.REPLAYED,
  [ReplayCode.NOT_REPLAYABLE]: ReplayOutcome.NOT_REPLAYABLE,
  [ReplayCode.DRAINING]: ReplayOutcome.DRAINING,
  [ReplayCode.UNKNOWN_NODE]: ReplayOutcome.UNKNOWN_NODE,
} as const;

export async function* replayDeadLetters(
  deps: IngressApiDeps,
  request: ReplayDeadLettersRequest,
  signal: AbortSignal,
): AsyncGenerator<ReplayDeadLettersResponse, void> {
  const { runId, nodeIds, reasons, rejoin } = request;
  requireNone([
    rangeFault('node_ids.length', nodeIds.length, 0, MAX_NODE_IDS),
    ...nodeIds.map(nodeIdFault),
    ...reasons.map(reasonFault),
  ]);
  const record = await findReplayable(deps, runId);
  await requireUnmarked(deps.store, record);
  const missing = new Set(nodeIds);
  const chosenReasons = new Set(reasons.length > 0 || nodeIds.length > 0 ? reasons : REPLAYED_BY_DEFAULT);
  const isChosen = ({ id, deathReason }: ChainNode): boolean =>
    (nodeIds.length === 0 || missing.has(id)) && (chosenReasons.size === 0 || chosenReasons.has(deathReason));

  for await (const page of deadPages(deps, runId)) {
    signal.throwIfAborted();
    const chosen = page.filter(isChosen);
    for (const { id } of chosen) missing.delete(id);
    if (chosen.length > 0) yield { nodes: await replayBatch(deps, record, chosen, rejoin, signal) };
    if (nodeIds.length > 0 && missing.size === 0) return;
  }
  if (missing.size > 0) {
    yield { nodes: [...missing].map((nodeId) => ({ nodeId, outcome: ReplayOutcome.UNKNOWN_NODE })) };
  }
}

function reasonFault(reason: string, at: number): FieldIssue | undefined {
  if ((REPLAYABLE as readonly string[]).includes(reason)) return undefined;
  return { path: `reasons[${at}]`, message: `is "${reason}", but must be one of ${REPLAYABLE.join(', ')}` };
}

async function findReplayable({ store, coordinator }: IngressApiDeps, runId: string): Promise<RunRecord> {
  const record = await findRun(store, runId);
  if ((await coordinator.findRun(runId)) !== undefined) return record;
  if (record.state !== 'closed') throw notOpen(runId);
  throw new CatenaError('api.run_expired', `the nodes of run ${runId} have been deleted`, {
    data: { runId },
    remedy: 'submit the task again: nodes cannot be replayed after the retention of their run',
  });
}

async function* deadPages({ coordinator }: IngressApiDeps, runId: string): AsyncGenerator<readonly ChainNode[], void> {
  for (let after: string | undefined; ; ) {
    const page = await coordinator.listNodes({
      runId,
      state: 'dead',
      limit: BATCH,
      ...(after === undefined ? {} : { after }),
    });
    yield page;
    if (page.length < BATCH) return;
    after = page.at(-1)!.id;
  }
}

/** Marks the run open and sends the wake-ups, even when the replay of the other nodes ended early. */
async function replayBatch(
  deps: IngressApiDeps,
  { runId, taskId, account, platform, metadata }: RunRecord,
  nodes: readonly ChainNode[],
  rejoin: boolean,
  signal: AbortSignal,
): Promise<ReplayedNode[]> {
  const replayed: ReplayedNode[] = [];
  const wakeUps: WakeUp[] = [];
  try {
    for (const node of nodes) {
      const outcome = await replayOne(deps, node, rejoin, signal);
      wakeUps.push(...outcome.wakeUps);
      replayed.push({ nodeId: node.id, outcome: OUTCOME[outcome.code] });
    }
  } finally {
    if (wakeUps.length > 0) await keepOpen(deps, runId);
    const count = replayed.filter(({ outcome }) => outcome === ReplayOutcome.REPLAYED).length;
    audit(deps.log, 'replay', { run_id: runId, task_id: taskId, nodes: replayed.length, replayed: count, rejoin });
    const origin = { task: { taskId, runId, account, platform }, metadata: { ...metadata } };
    await deps.publisher.publish('ingress', childMessages(wakeUps, origin));
  }
  return replayed;
}

/** Waits while the nodes of an earlier mark are being drained. */
async function replayOne(deps: IngressApiDeps, node: ChainNode, rejoin: boolean, signal: AbortSignal) {
  for (let looks = 0; ; looks++) {
    const outcome = await deps.coordinator.replay({ node, rejoin });
    if (outcome.code !== ReplayCode.DRAINING || looks >= MAX_DRAIN_LOOKS) return outcome;
    await delay(deps.pollIntervalMs, undefined, { signal, ref: false });
  }
}
