/** Brings the work of a process that ended without a word to others, without waiting for its leases and grace times to run out. */
import type { ProcessInfo } from '../../bus/process-info.ts';
import { RecoverCode } from '../../coordination/protocol/claims.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { WakeUp } from '../../coordination/protocol/outcome.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Store } from '../../store/port.ts';
import type { Publisher } from '../messages/publisher.ts';
import { childMessages, toMessage } from '../messages/wake-ups.ts';
import type { Runs } from '../run/runs.ts';

export interface TakeOverDeps {
  readonly coordinator: Pick<Coordinator, 'findRun' | 'recoverZombie'> & {
    /** Yields the nodes of a phase whose due time lies ahead by up to `withinMs`. */
    lookAhead(look: {
      readonly runId: string;
      readonly moduleId: string;
      readonly phase: number;
      readonly withinMs: number;
    }): AsyncIterable<readonly ChainNode[]>;
  };
  readonly store: Pick<Store, 'listRuns'>;
  readonly runs: Pick<Runs, 'load'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly crashBudget: number;
  /** The longest time for which a lease or an unanswered wake-up may keep a node waiting. */
  readonly withinMs: number;
}

/** What was taken over. */
export interface TakenOver {
  readonly leases: number;
  readonly wakeUps: number;
}

/** Open runs that are looked at, the newest first; the leases of further ones run out. */
const MAX_RUNS = 1_000;

/**
 * Recovers all nodes that the process held: one crash more each, as if their leases had run out. If wake-ups may have waited in
 * its memory alone, those of pending nodes are sent again; the broker drops recent copies. Rejects when a backend does not answer;
 * then the leases run out.
 */
export async function takeOver(deps: TakeOverDeps, gone: ProcessInfo, signal: AbortSignal): Promise<TakenOver> {
  const taken = { leases: 0, wakeUps: 0 };
  const isHeld = ({ state, owner }: ChainNode) => state === 'processing' && owner.startsWith(`${gone.id}-`);
  for (const { runId } of await deps.store.listRuns({ limit: MAX_RUNS, state: 'open' })) {
    const run = await deps.coordinator.findRun(runId);
    if (run === undefined || run.state !== 'open') continue;
    for (const { moduleId, phases } of run.modules) {
      for (const [phase, { open }] of phases.entries()) {
        if (open === 0) continue;
        for await (const nodes of deps.coordinator.lookAhead({ runId, moduleId, phase, withinMs: deps.withinMs })) {
          if (signal.aborted) return taken;
          for (const node of nodes.filter(isHeld)) if (await recover(deps, node)) taken.leases += 1;
          if (gone.queuesLocally) taken.wakeUps += await notifyAgain(deps, runId, nodes);
        }
      }
    }
  }
  return taken;
}

async function recover({ coordinator, runs, publisher, crashBudget }: TakeOverDeps, node: ChainNode): Promise<boolean> {
  const { code, wakeUps } = await coordinator.recoverZombie({ node, token: node.token, crashBudget });
  if (code !== RecoverCode.RECOVERED) return false;
  if (wakeUps.length > 0) await publisher.publish('sweeper', childMessages(wakeUps, await runs.load(node.runId)));
  return true;
}

async function notifyAgain(
  { runs, publisher }: TakeOverDeps,
  runId: string,
  nodes: readonly ChainNode[],
): Promise<number> {
  const pending = nodes.filter(({ state }) => state === 'pending');
  if (pending.length === 0) return 0;
  const run = await runs.load(runId);
  await publisher.publish(
    'sweeper',
    pending.map((node) => toMessage(wakeUpOf(node), run)),
  );
  return pending.length;
}

/** The wake-up that was sent last for a pending node, under the same number. */
function wakeUpOf({ id, runId, moduleId, phase, kind, limitKey = '', ...node }: ChainNode): WakeUp {
  const { stepIdx, prefixRequest, epoch, dispatches, attempts } = node;
  return {
    kind: kind === 'hop' ? 'parser_task' : 'request',
    node: { id, runId, moduleId, phase },
    ...{ stepIdx, prefixRequest, epoch, dispatch: dispatches, attempts, nodeKind: kind, limitKey, error: '' },
  };
}
