/**
 * A stage's life: take a message when a slot is free, let the handler work, then do what its outcome says. Handlers never
 * publish, ack or give back themselves.
 */
import type { Bus, Delivery, Receiver, Subscription } from '../../bus/port.ts';
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
  /** Executions at once. */
  readonly concurrency: number;
  /** The slots of these executions, where their handler knows them too. */
  readonly slots?: Slots;
  /** Messages that may wait for their admission, beside those in execution. */
  readonly waiting?: number;
  /** Waits until the message may be executed (a rate limit); its slot is taken only then. */
  readonly admit?: (message: MessageTo<S>, signal: AbortSignal) => Promise<Admission>;
  readonly handle: (message: MessageTo<S>, admission: Admission | undefined) => Promise<Outcome<S>>;
  /** Executes work that the stage before handed over in this process. */
  readonly handleLocal?: (work: Work) => Promise<Outcome<S>>;
  /** How long a message is given back for when its handler could not do its work. */
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

  /** No further messages; resolves when everything in execution has ended. Idempotent. */
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
    let holdsSlot = false;
    try {
      const admission = admit === undefined ? undefined : await admit(delivery.message, this.#stopping.signal);
      const turn = this.#slots.take();
      if (turn !== undefined) await turn;
      holdsSlot = true;
      if (isTracing()) await inMessageSpan(stage, delivery.message, () => this.#execute(delivery, admission));
      else await this.#execute(delivery, admission);
    } catch (thrown) {
      delivery.giveBack(this.#options.retryDelayMs);
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
      // Nothing to give back: the node's lease runs out, and it is taken up again.
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
