/** One call of each method of the port, on a node that is leased. */

import type { ChainNode, NodeSeed } from '../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import { heldBy, LEASE_MS, NEVER } from '../conformance/coordinator/scene/scene.ts';
import { refOf } from '../conformance/coordinator/watch/reading.ts';

export type NamedCall = readonly [name: keyof Coordinator, command: unknown];

export function everyCall(holder: ChainNode, child: NodeSeed): readonly NamedCall[] {
  const { runId, moduleId, phase } = holder;
  const node = refOf(holder);
  const limits = { maxAttempts: 3, retryDelayMs: 0, moduleThreshold: NEVER, taskThreshold: NEVER };
  const modules = [{ moduleId: 'm', phases: [{ join: { kind: 'settle' } }], first: [] }];
  const calls: { readonly [Name in keyof Coordinator]: unknown } = {
    runOpen: { runId: `${runId}-new`, modules },
    claim: { node, epoch: 0, owner: 'late', stage: 'module-processor', leaseMs: LEASE_MS },
    renew: { ...heldBy(holder), leaseMs: LEASE_MS },
    release: heldBy(holder),
    stageChildren: { ...heldBy(holder), children: [child] },
    commitSuccess: { ...heldBy(holder), children: [child], staged: 0, wakeUps: 1 },
    commitError: { ...heldBy(holder), error: '{}' },
    recoverZombie: { node, crashBudget: 3 },
    reorderEnqueue: { node, epoch: 0, response: 'early' },
    thresholdDecide: { node, epoch: 0, fatal: false, ...limits },
    retrySchedule: { node, delayMs: 0, maxAttempts: 3 },
    terminateMark: { runId, reason: 'operator' },
    dueTake: { shard: 0, limit: 10 },
    windowFill: { runId, moduleId, phase, hops: 10, requests: 10 },
    childrenPump: { node, wakeUps: 1 },
    scopeDrain: { runId, moduleId, phase, limit: 10 },
    runControl: { runId, action: 'pause' },
    phaseClose: { runId, moduleId, phase },
    earlyOpen: { runId, moduleId },
    runSettle: { runId },
    replay: { node, rejoin: false },
    runAudit: { runId },
    runPurge: { runId, limit: 10 },
    findRun: runId,
    findNode: node,
    listNodes: { runId, limit: 10 },
    listDue: { runId, limit: 10 },
    listEvents: { runId, afterSeq: 0, limit: 10 },
  };
  return Object.entries(calls) as unknown as NamedCall[];
}
