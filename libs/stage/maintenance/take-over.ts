/** Brings the work of a process that ended without a word to others, without waiting for its leases and grace times to run out. */
import type { ProcessInfo } from '../../bus/process-info.ts';
import { RecoverCode } from '../../coordination/protocol/claims.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { WakeUp } from '../../coordination/protocol/outcome.ts';
import { dispatchGraceMs, LONGEST_GRACE_MS } from '../../coordination/protocol/policy.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { DueEntry } from '../../coordination/protocol/sweep.ts';
import type { Store } from '../../store/port.ts';
import type { Publisher } from '../messages/publisher.ts';
import { childMessages } from '../messages/wake-ups.ts';
import type { Runs } from '../run/runs.ts';
import type { Sweeper } from './sweeper.ts';

export interface TakeOverDeps {
  readonly coordinator: Pick<Coordinator, 'findRun' | 'recoverZombie'> & {
    /** Yields the nodes of a phase whose due time lies ahead by up to `withinMs`, and the time of the look. */
    lookAhead(look: {
      readonly runId: string;
      readonly moduleId: string;
      readonly phase: number;
      readonly withinMs: number;
    }): AsyncIterable<{ readonly nodes: readonly ChainNode[]; readonly nowMs: number }>;
  };
  readonly store: Pick<Store, 'listRuns'>;
  readonly runs: Pick<Runs, 'load'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly sweeper: Pick<Sweeper, 'attempt'>;
  readonly crashBudget: number;
  readonly leaseMs: number;
  readonly dispatchGraceMs: number;
}

/** What was taken over. */
export interface TakenOver {
  /** Executions that ended with the process. */
  readonly leases: number;
  /** Messages that were or may have been in its memory alone. */
  readonly messages: number;
}

/** Open runs that are looked at, the newest first; the leases of further ones run out. */
const MAX_RUNS = 1_000;
/**
 * A wake-up that is due to be sent again was sent at most so long ago, if the process that ended may have committed it and not yet
 * published it: longer than a process is unheard before it is gone.
 */
const RECENT_MS = 10_000;

/**
 * Recovers all nodes that the process executed: one crash more each, as if their leases had run out. What it had committed and not
 * yet published is published again: responses, failures, staged children, and the wake-ups of pending nodes; the broker drops recent
 * copies. Rejects when a backend does not answer; then leases and grace times run out.
 */
export async function takeOver(deps: TakeOverDeps, gone: ProcessInfo, signal: AbortSignal): Promise<TakenOver> {
  const taken = { leases: 0, messages: 0 };
  for await (const { node, nowMs } of waitingNodes(deps)) {
    if (signal.aborted) break;
    if (node.state === 'processing') {
      if (isOf(node, gone) && (await recover(deps, node))) taken.leases += 1;
      continue;
    }
    const entry = lostMessage(node, gone, nowMs, deps.dispatchGraceMs);
    if (entry === undefined) continue;
    await deps.sweeper.attempt(entry);
    taken.messages += 1;
  }
  return taken;
}

/** The nodes of open runs that wait for a lease, a message or a grace time to end, with the time at which each was read. */
async function* waitingNodes({
  coordinator,
  store,
  leaseMs,
}: TakeOverDeps): AsyncGenerator<{ readonly node: ChainNode; readonly nowMs: number }> {
  const withinMs = Math.max(leaseMs, LONGEST_GRACE_MS);
  for (const { runId } of await store.listRuns({ limit: MAX_RUNS, state: 'open' })) {
    const run = await coordinator.findRun(runId);
    if (run === undefined || run.state !== 'open') continue;
    const scopes = run.modules.flatMap(({ moduleId, phases }) =>
      phases.flatMap(({ open }, phase) => (open === 0 ? [] : [{ runId, moduleId, phase }])),
    );
    for (const scope of scopes) {
      for await (const { nodes, nowMs } of coordinator.lookAhead({ ...scope, withinMs })) {
        for (const node of nodes) yield { node, nowMs };
      }
    }
  }
}

function isOf({ owner }: ChainNode, gone: ProcessInfo): boolean {
  return owner.startsWith(`${gone.id}-`);
}

async function recover({ coordinator, runs, publisher, crashBudget }: TakeOverDeps, node: ChainNode): Promise<boolean> {
  const { code, wakeUps } = await coordinator.recoverZombie({ node, token: node.token, crashBudget });
  if (code !== RecoverCode.RECOVERED) return false;
  if (wakeUps.length > 0) await publisher.publish('sweeper', childMessages(wakeUps, await runs.load(node.runId)));
  return true;
}

/** What the sweeper would do about a node later, if the message that it waits for may have ended with the process. */
function lostMessage(node: ChainNode, gone: ProcessInfo, nowMs: number, baseMs: number): DueEntry | undefined {
  switch (node.state) {
    case 'fetched':
      return isOf(node, gone) ? { kind: 'recover', node, isFetched: true } : undefined;
    case 'failed':
      return isOf(node, gone) ? { kind: 'notify', wakeUp: wakeUpOf(node, 'error') } : undefined;
    case 'releasing':
      return isOf(node, gone) ? { kind: 'pump', node } : undefined;
    case 'pending': {
      // Who sent its wake-up is not known: a parent, the sweeper, or the opening of a phase.
      const graceMs = dispatchGraceMs({ dispatchGraceMs: baseMs }, node.dispatches - 1);
      const isRecent = node.dueAtMs - graceMs > nowMs - RECENT_MS;
      if (!gone.queuesLocally && !isRecent) return undefined;
      return { kind: 'notify', wakeUp: wakeUpOf(node, node.kind === 'hop' ? 'parser_task' : 'request') };
    }
    default:
      return undefined;
  }
}

/** The wake-up that was sent last for a node, under the same number. */
function wakeUpOf(
  { id, runId, moduleId, phase, kind: nodeKind, limitKey = '', ...node }: ChainNode,
  kind: WakeUp['kind'],
): WakeUp {
  const { stepIdx, prefixRequest, epoch, dispatches, attempts, error } = node;
  return {
    kind,
    node: { id, runId, moduleId, phase },
    ...{ stepIdx, prefixRequest, epoch, dispatch: dispatches, attempts, nodeKind, limitKey },
    error: kind === 'error' ? error : '',
  };
}
