import type { ExplainRunResponse } from '../../../libs/contracts/services.ts';
import type { ChainNode, NodeState } from '../../../libs/coordination/node.ts';
import { explainRun } from '../../../libs/stage/explain.ts';
import type { IngressApiDeps } from './deps.ts';
import { findRun } from './find-run.ts';

/** Nodes looked at per state: enough to tell what is going on in a run of any size. */
const SAMPLE = 500;
const LOOKED_AT: readonly NodeState[] = ['pending', 'processing', 'fetched', 'failed', 'retry', 'releasing'];

export async function explain(deps: IngressApiDeps, runId: string): Promise<ExplainRunResponse> {
  const { store, coordinator, clock } = deps;
  const record = await findRun(store, runId);
  const snapshot = await coordinator.findRun(runId);
  const isOver = snapshot === undefined || record.state === 'closed';
  const lists = isOver
    ? []
    : await Promise.all(LOOKED_AT.map((state) => coordinator.listNodes({ runId, state, limit: SAMPLE })));
  const nodes = lists.flat();
  const limits = nodes.some(isWaitingRequest) ? await deps.limits() : [];
  const reasons = explainRun({ record, snapshot, nodes, limits, nowMs: clock.now() });
  return {
    reasons: reasons.map(({ code, text, moduleId = '', nodes: count = 0, atMs = 0 }) => {
      return { code, text, moduleId, nodes: count, atMs };
    }),
    sampled: lists.some(({ length }) => length === SAMPLE),
  };
}

function isWaitingRequest({ kind, state }: ChainNode): boolean {
  return kind === 'request' && state === 'pending';
}
