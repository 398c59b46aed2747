import type { ProcessInfo } from '../../../libs/bus/process-info.ts';
import type { ExplainRunResponse } from '../../../libs/contracts/services.ts';
import type { ChainNode } from '../../../libs/coordination/protocol/node.ts';
import type { ProcessCalls } from '../../../libs/explain/calls.ts';
import { explainRun } from '../../../libs/explain/explain.ts';
import { breakerAwaited } from '../../../libs/explain/nodes.ts';
import { readNodes } from '../../../libs/explain/read-nodes.ts';
import { readOtherRuns } from '../../../libs/explain/turns.ts';
import { failuresSoFar } from '../../../libs/stage/run/run-failures.ts';
import { taskAwaited } from '../../../libs/stage/run/tasks.ts';
import type { IngressApiDeps } from './deps.ts';
import { findRun } from './find-run.ts';

/** Rate limits shown at most; nobody reads more. */
const MOST_KEYS = 50;

export async function explain(deps: IngressApiDeps, runId: string): Promise<ExplainRunResponse> {
  const { store, coordinator, clock } = deps;
  const record = await findRun(store, runId);
  const snapshot = await coordinator.findRun(runId);
  const isOver = snapshot === undefined || record.state === 'closed';
  const { open: nodes, dead, isSampled } = await readNodes(coordinator, record, snapshot);
  const keys = new Set(nodes.filter(isWaitingRequest).map(({ limitKey = '' }) => limitKey));
  const limits = keys.size > 0 ? await deps.limits([...keys].slice(0, MOST_KEYS)) : [];
  const breakers = nodes.some((node) => breakerAwaited(node) !== undefined) ? await deps.breakers.list() : [];
  const processes = isOver ? undefined : await deps.processes?.();
  const reasons = explainRun({
    ...{ record, snapshot, nodes, limits, breakers },
    others: await readOtherRuns(store, record),
    task: await taskAwaited(deps, record),
    backends: deps.backends?.() ?? [],
    bodyMemory: deps.bodyMemory.snapshot(),
    failures: failuresSoFar([...nodes, ...dead]),
    ...{ processes, calls: callsOf(processes) },
    nowMs: clock.now(),
  });
  return {
    reasons: reasons.map(({ code, text, moduleId = '', nodes: count = 0, atMs = 0, failure }) => {
      return { code, text, moduleId, nodes: count, atMs, failure };
    }),
    sampled: isSampled,
  };
}

function callsOf(processes: readonly ProcessInfo[] = []): ProcessCalls[] {
  return processes.flatMap(({ name, calls }) => (calls === undefined ? [] : { ...calls, process: name }));
}

function isWaitingRequest({ kind, state }: ChainNode): boolean {
  return kind === 'request' && state === 'pending';
}
