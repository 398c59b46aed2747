/**
 * Runs a stage: takes a message when a slot is free, calls the handler, then applies its outcome. Handlers never publish, ack or
 * nak themselves.
 */
import type { Bus, Delivery, Receiver, Subscription } from '../../bus/port.ts';
import { shareOf } from '../../bus/share-of.ts';
import { Slots } from '../../concurrency/slots.ts';
import type { MessageTo } from '../../contracts/chain.ts';
import { isTracing } from '../../telemetry/spans.ts';
import type { Publisher } from '../messages/publisher.ts';
import { inHandOverSpan, inMessageSpan } from '../observe/stage-span.ts';
import { applyOutcome, NO_MESSAGE } from './apply.ts';
import type { LocalStage, Slot } from './hand-over.ts';
import type { HeldNode } from './lease.ts';
import type { AnyOutcome, Outcome } from './outcome.ts';

export interface StageRunnerOptions<S extends Receiver, Work, Admission> {
  readonly stage: S;
  readonly bus: Bus;
  readonly publisher: Publisher;
  /** Executions at the same time. */
  readonly concurrency: number;
  /** The slots of these executions, if the handler uses them too. */
  readonly slots?: Slots;
  /** Messages that may wait for their admission, beside the running executions. */
  readonly waiting?: number;
  /** Waits until the message may be executed (a rate limit). Its slot is taken after that. */
  readonly admit?: (message: MessageTo<S>, signal: AbortSignal) => Promise<Admission>;
  readonly handle: (message: MessageTo<S>, admission: Admission | undefined) => Promise<Outcome<S>>;
  /** Executes work that the previous stage handed over in this process. */
  readonly handleLocal?: (work: Work) => Promise<Outcome<S>>;
  /** Delay of a message that is returned because its handler threw. */
  readonly retryDelayMs: number;
  readonly onError: (error: unknown) => void;
}

export class StageRunner<S extends Receiver, Work extends HeldNode = never, Admission = never>
  implements LocalStage<Work>
{
  readonly #options: StageRunnerOptions<S, Work, Admission>;
  readonly #slots: Slots;
  readonly #stopping = new AbortController();
  #subscription: Subscription | undefined;

  constructor(options: StageRunnerOptions<S, Work, Admission>) {
    this.#options = options;
    this.#slots = options.slots ?? new Slots(options.concurrency);
  }

  get inFlight(): number {
    return this.#slots.taken;
  }

  start(): void {
    const { bus, stage, concurrency, waiting = 0 } = this.#options;
    this.#subscription ??= bus.subscribe({
      stage,
      slots: concurrency + waiting,
      receive: (delivery) => this.#receive(delivery),
    });
  }

  /** Takes no more messages; resolves when all running executions have ended. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#subscription?.stop();
    await this.#slots.idle();
  }

  reserve(): Slot<Work> | undefined {
    if (this.#stopping.signal.aborted || !this.#slots.tryTake()) return undefined;
    return {
      start: (work) => void this.#runLocal(work),
      release: () => this.#slots.give(),
    };
  }

  async #receive(delivery: Delivery<S>): Promise<void> {
    const { stage, admit } = this.#options;
    const receivedMs = isTracing() ? performance.now() : 0;
    let holdsSlot = false;
    try {
      const admission = admit === undefined ? undefined : await admit(delivery.message, this.#stopping.signal);
      const turn = this.#slots.take(shareOf(delivery.message));
      if (turn !== undefined) await turn;
      holdsSlot = true;
      if (isTracing()) {
        const waitedMs = performance.now() - receivedMs;
        await inMessageSpan(stage, delivery.message, waitedMs, () => this.#execute(delivery, admission));
      } else await this.#execute(delivery, admission);
    } catch (thrown) {
      delivery.nak(this.#options.retryDelayMs);
      if (!this.#stopping.signal.aborted) this.#options.onError(thrown);
    } finally {
      if (holdsSlot) this.#slots.give();
    }
  }

  async #execute(delivery: Delivery<S>, admission: Admission | undefined): Promise<void> {
    const { stage, publisher, handle } = this.#options;
    const outcome = await handle(delivery.message, admission);
    await applyOutcome(stage, outcome as AnyOutcome, publisher, delivery);
  }

  async #runLocal(work: Work): Promise<void> {
    try {
      if (isTracing()) await inHandOverSpan(this.#options.stage, work, () => this.#executeLocal(work));
      else await this.#executeLocal(work);
    } catch (thrown) {
      // There is no message to return: the node's lease runs out, and the sweeper recovers the node.
      this.#options.onError(thrown);
    } finally {
      this.#slots.give();
    }
  }

  async #executeLocal(work: Work): Promise<void> {
    const { stage, publisher, handleLocal } = this.#options;
    const outcome = await handleLocal!(work);
    await applyOutcome(stage, outcome as AnyOutcome, publisher, NO_MESSAGE);
  }
}
