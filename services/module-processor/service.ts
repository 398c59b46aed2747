import { applyOutcome, NO_MESSAGE } from '../../libs/stage/execution/apply.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import { inHandOverSpan } from '../../libs/stage/observe/stage-span.ts';
import { isTracing } from '../../libs/telemetry/spans.ts';
import type { GoOn, ModuleProcessorDeps, ModuleProcessorOutcome } from './deps.ts';
import { handle, handleHeld } from './handle.ts';

/**
 * How long a dispatch goes on with the hops that follow it, in milliseconds: whoever waits for its answer, or for the process
 * to stop, waits no longer for others than this.
 */
const GO_ON_MS = 1_000;

/** The module-processor stage. It takes no messages of its own: ingress dispatches to it. */
export class ModuleProcessor {
  readonly #deps: ModuleProcessorDeps;

  constructor(deps: ModuleProcessorDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the work is committed and its wake-ups are notified. A hop whose one child is a hop goes on with that, under the
   * claim that its commit made. Rejects when a backend did not answer.
   */
  async execute(dispatch: Dispatch): Promise<void> {
    const untilMs = this.#deps.execution.clock.monotonic() + GO_ON_MS;
    let next: HeldNode | undefined;
    const goOn: GoOn = (work) => {
      next = work;
    };
    await this.#apply(await handle(this.#deps, dispatch, goOn), next);
    while (next !== undefined) {
      const work: HeldNode = next;
      next = undefined;
      const more = this.#deps.execution.clock.monotonic() < untilMs ? goOn : undefined;
      const execute = async (): Promise<void> => this.#apply(await handleHeld(this.#deps, work, more), next);
      await (isTracing() ? inHandOverSpan('module-processor', work, execute) : execute());
    }
  }

  async #apply(outcome: ModuleProcessorOutcome, next: HeldNode | undefined): Promise<void> {
    try {
      await applyOutcome('module-processor', outcome, this.#deps.execution.publisher, NO_MESSAGE);
    } catch (thrown) {
      // Nobody will execute it here: its lease is left to run out.
      next?.lease.end();
      throw thrown;
    }
  }
}
