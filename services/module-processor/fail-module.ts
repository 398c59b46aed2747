import type { Lease } from '../../libs/stage/execution/lease.ts';
import { decodeHop } from '../../libs/stage/node/node-body.ts';
import type { ModuleProcessorOutcome } from './handle.ts';
import type { ModuleProcessorDeps } from './service.ts';

/**
 * Ends a module as its author said. The hop that asks for it is not committed: the mark ends it with everything else that is
 * open, and a process that dies before the mark leaves a hop that asks again.
 */
export async function failModule(
  { coordinator, log }: Pick<ModuleProcessorDeps, 'coordinator' | 'log'>,
  lease: Lease,
): Promise<ModuleProcessorOutcome> {
  const { runId, moduleId, body } = lease.node;
  const { reason } = decodeHop(body).state as { readonly reason: string };
  try {
    await coordinator.terminateMark({ runId, moduleId, reason });
  } finally {
    lease.end();
  }
  log.info('a module ended itself as failed', { run_id: runId, module_id: moduleId, reason });
  return { kind: 'terminate', scope: 'module', reason, messages: [] };
}
