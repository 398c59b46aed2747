import { applyOutcome, NO_MESSAGE } from '../../libs/stage/execution/apply.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import { type Dispatch, putOffDispatch } from '../../libs/stage/messages/dispatch.ts';
import { inHandOverSpan } from '../../libs/stage/observe/stage-span.ts';
import { isTracing } from '../../libs/telemetry/spans.ts';
import type { ModuleProcessorDeps, ModuleProcessorOutcome, RunNext } from './deps.ts';
import { handle, handleHeld } from './handle.ts';

/**
 * How long one dispatch may execute the hops that follow it, in milliseconds. It bounds the wait of the caller, and of a process
 * that stops.
 */
const FOLLOW_UP_MS = 1_000;

/** What tells whose turn it is. */
export interface HopTurns {
  /** Hops that this process executes at once. */
  readonly slots: number;
  /** Whether a hop of another run waits for a slot here. */
  readonly othersWait: (runId: string) => boolean;
}

/** The module-processor stage. It takes no messages of its own: ingress dispatches to it. */
export class ModuleProcessor {
  readonly #deps: ModuleProcessorDeps;
  readonly #turns: HopTurns;
  /** Dispatches that are executed now, by run. */
  readonly #executing = new Map<string, number>();

  constructor(deps: ModuleProcessorDeps, turns: HopTurns) {
    this.#deps = deps;
    this.#turns = turns;
  }

  /**
   * Resolves when the work is committed and its wake-ups are sent. When a hop's only child is a hop, that child is executed next,
   * under the claim that the commit made, unless another run waits and this one has its share of the slots. Rejects when a backend did not answer, and with `dispatch.put_off`.
   */
  async execute(dispatch: Dispatch): Promise<void> {
    const { runId } = dispatch.run.task;
    this.#executing.set(runId, (this.#executing.get(runId) ?? 0) + 1);
    try {
      await this.#executeAll(dispatch, runId);
    } finally {
      const left = this.#executing.get(runId)! - 1;
      if (left === 0) this.#executing.delete(runId);
      else this.#executing.set(runId, left);
    }
  }

  /** Whether the run may keep its slot for the hop that follows. */
  #mayGoOn(runId: string): boolean {
    const { slots, othersWait } = this.#turns;
    if (!othersWait(runId)) return true;
    // The runs that have slots, and one that waits for its turn.
    return this.#executing.get(runId)! * (this.#executing.size + 1) <= slots;
  }

  async #executeAll(dispatch: Dispatch, runId: string): Promise<void> {
    const untilMs = this.#deps.execution.clock.monotonic() + FOLLOW_UP_MS;
    let next: HeldNode | undefined;
    const runNext: RunNext = (work) => {
      next = work;
    };
    const outcome = await handle(this.#deps, dispatch, this.#mayGoOn(runId) ? runNext : undefined);
    // There is no message here to return: ingress has it.
    if (outcome.kind === 'retry') throw putOffDispatch(outcome.delayMs, outcome.reason);
    await this.#apply(outcome, next);
    while (next !== undefined) {
      const work: HeldNode = next;
      next = undefined;
      const isInTime = this.#deps.execution.clock.monotonic() < untilMs;
      const more = isInTime && this.#mayGoOn(runId) ? runNext : undefined;
      const execute = async (): Promise<void> => this.#apply(await handleHeld(this.#deps, work, more), next);
      await (isTracing() ? inHandOverSpan('module-processor', work, execute) : execute());
    }
  }

  /** The next hop is not executed here. */
  async #giveBack({ lease }: HeldNode): Promise<void> {
    const { node } = lease;
    await this.#deps.execution.handBack({ node, token: node.token });
    lease.end();
  }

  async #apply(outcome: ModuleProcessorOutcome, next: HeldNode | undefined): Promise<void> {
    try {
      await applyOutcome('module-processor', outcome, this.#deps.execution.publisher, NO_MESSAGE);
    } catch (thrown) {
      if (next !== undefined) await this.#giveBack(next);
      throw thrown;
    }
  }
}
