import { priorityClass } from '../../contracts/priority.ts';
import type { NodeRef } from '../../coordination/protocol/node.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Fillable } from '../../coordination/protocol/sweep.ts';
import type { Log } from '../../telemetry/log.ts';
import { releasedMessage } from '../execution/execute-node.ts';
import type { Publisher } from '../messages/publisher.ts';
import { childMessages } from '../messages/wake-ups.ts';
import type { Meters } from '../observe/meters.ts';
import type { Runs } from '../run/runs.ts';

export interface ChildrenPumpDeps {
  readonly coordinator: Pick<Coordinator, 'childrenPump'>;
  readonly publisher: Publisher;
  readonly runs: Runs;
  readonly meters: Meters;
  /** Lets ready nodes of a module into its window, in the background. */
  readonly fillWindow: (scope: Fillable) => void;
  readonly log: Log;
}

/** Children moved per transition. */
const BATCH = 500;

/**
 * Creates the staged children of committed nodes, and sends their wake-ups. The committer starts it at once. The sweeper does the
 * same for nodes whose committer died.
 */
export class ChildrenPump {
  readonly #deps: ChildrenPumpDeps;
  #stopped = false;

  constructor(deps: ChildrenPumpDeps) {
    this.#deps = deps;
  }

  /** Pumps a node in the background. A failure is logged: the node is due, and the sweeper continues. */
  start(node: NodeRef): void {
    this.pump(node).catch((error: unknown) =>
      this.#deps.log.error('the pump could not move staged children; the sweeper continues', { error }),
    );
  }

  /** Moves all staged children of the node; resolves when none is left or the pump was stopped. */
  async pump(node: NodeRef): Promise<void> {
    while (!this.#stopped && (await this.#pumpBatch(node)));
  }

  /** Begins no further batch. Idempotent. */
  stop(): void {
    this.#stopped = true;
  }

  /** Moves one batch; returns true while there is more. */
  async #pumpBatch(node: NodeRef): Promise<boolean> {
    const { coordinator, publisher, runs, meters, fillWindow } = this.#deps;
    const run = await runs.load(node.runId);
    const of = priorityClass(run.task.priority);
    // Only the rows tell whether the children are hops or requests, so both queues need room.
    const grants = [publisher.grant('ingress', BATCH, of), publisher.grant('downloader', BATCH, of)];
    try {
      const wakeUps = Math.min(...grants.map(({ count }) => count));
      const outcome = await coordinator.childrenPump({ node, wakeUps });
      meters.children(outcome.created, outcome.gateLost);
      const { runId, moduleId } = node;
      if (outcome.toFill !== undefined) fillWindow({ runId, moduleId, phase: outcome.toFill });
      await publisher.publish('sweeper', childMessages(outcome.wakeUps, run));
      await publisher.publish('sweeper', outcome.released.map(releasedMessage));
      return outcome.more;
    } finally {
      for (const grant of grants) grant.release();
    }
  }
}
