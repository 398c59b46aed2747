import type { Message } from '../../contracts/chain.ts';
import type { Grant } from '../messages/publisher.ts';
import type { LoadedRun } from '../run/runs.ts';
import { commitNode, type ExecutionDeps } from './execution.ts';
import type { Lease } from './lease.ts';
import type { HandOver } from './outcome.ts';
import type { HopWork } from './work.ts';
import type { Yield } from './yield.ts';

/** What a commit of items and hops answers; an outcome of whichever stage executed the node. */
export type YieldOutcome =
  | { readonly kind: 'skip'; readonly reason: string }
  | {
      readonly kind: 'next';
      readonly messages: readonly Message<'parser_task' | 'request' | 'response'>[];
      readonly grant: Grant;
      readonly handOver?: HandOver;
    };

/**
 * Stores the items of an execution and commits it with its next hops. An only hop is claimed by the same commit where
 * `goOn` says who executes it here, so that no bell has to ring for it.
 */
export async function commitYield(
  deps: ExecutionDeps,
  run: LoadedRun,
  lease: Lease,
  { children, staged, items, drops }: Yield,
  goOn?: (work: HopWork) => void,
): Promise<YieldOutcome> {
  const { id: nodeId, runId, moduleId, phase, token } = lease.node;
  deps.meters.drops(drops.length);
  const batch = items.length === 0 ? undefined : { runId, moduleId, phase, nodeId, token, items };
  const goesOn = goOn !== undefined && staged === 0 && children.length === 1;
  const sinceMs = deps.clock.monotonic();
  const handOver = goesOn ? { handOver: { owner: deps.nextOwner(), leaseMs: deps.leases.leaseMs } } : {};
  const committed = await commitNode(deps, run, lease, { children, staged, rings: 'ingress', ...handOver }, batch);
  if (committed.kind === 'skip') return committed;
  const { messages, grant, pump, next } = committed;
  if (next !== undefined) goOn?.({ run, lease: deps.leases.hold(next, sinceMs) });
  return { kind: 'next', messages, grant, ...(pump === undefined ? {} : { handOver: pump }) };
}
