/** Every transition on what does not exist: a node, a phase, a module, a run. */
import type { NodeRef } from '../../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import { LEASE_MS, NEVER } from '../coordinator/scene/scene.ts';

interface Scope {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
}

export async function callUnknown(coordinator: Coordinator, scope: Scope, nobody: NodeRef): Promise<void> {
  const elsewhere = { ...scope, runId: `${scope.runId}-unknown` };
  for (const node of [
    nobody,
    { ...nobody, ...elsewhere },
    { ...nobody, moduleId: 'unknown' },
    { ...nobody, phase: 99 },
  ]) {
    await onNode(coordinator, node);
  }
  for (const where of [elsewhere, { ...scope, moduleId: 'unknown' }, { ...scope, phase: 99 }]) {
    await coordinator.scopeDrain({ ...where, limit: 10 });
    await coordinator.phaseClose(where);
  }
  const { runId } = elsewhere;
  for (const action of ['pause', 'resume', 'cancel'] as const) await coordinator.runControl({ runId, action });
  await coordinator.terminateMark({ runId, reason: 'nobody' });
  await coordinator.terminateMark({ ...scope, moduleId: 'unknown', reason: 'nobody' });
  await coordinator.runSettle({ runId });
  await coordinator.runAudit({ runId });
}

async function onNode(coordinator: Coordinator, node: NodeRef): Promise<void> {
  const held = { node, token: '1.1.00000000' };
  const limits = { maxAttempts: 1, retryDelayMs: 0, moduleThreshold: NEVER, taskThreshold: NEVER };
  await coordinator.claim({ node, epoch: 0, owner: 'nobody', stage: 'parser', leaseMs: LEASE_MS, alone: false });
  await coordinator.renew({ ...held, leaseMs: LEASE_MS });
  await coordinator.release(held);
  await coordinator.stageChildren({ ...held, children: [] });
  await coordinator.commitSuccess({ ...held, children: [], staged: 0, wakeUps: 1 });
  await coordinator.commitError({ ...held, error: '{}' });
  await coordinator.recoverZombie({ node, crashBudget: 1 });
  await coordinator.thresholdDecide({ node, epoch: 0, fatal: true, ...limits });
  await coordinator.retrySchedule({ node, delayMs: 0, maxAttempts: 1 });
  await coordinator.childrenPump({ node, wakeUps: 1 });
  await coordinator.replay({ node, rejoin: false });
}
