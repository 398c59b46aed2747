/**
 * The bus carries wake-ups. A message may be lost, come twice, late or out of order: the coordinator's state decides, and the
 * sweeper notifies again. What a bus must do is deliver at least once while all is well, hold back when a stage has no free
 * slot, and say so when it is full.
 */
import type { MessageTo, Stage } from '../contracts/chain.ts';
import type { Dispatched } from '../contracts/subjects.ts';

/** A stage that takes messages. */
export type Receiver = Exclude<Stage, 'module-processor' | 'sweeper'>;

/** A message in the hands of a stage; exactly one of the two is called, once. */
export interface Delivery<S extends Receiver> {
  readonly message: MessageTo<S>;
  ack(): void;
  /** Gives the message back, to come again after a while. */
  nak(delayMs: number): void;
}

export interface SubscribeOptions<S extends Receiver> {
  readonly stage: S;
  /** How many deliveries may be in hand at once. */
  readonly slots: number;
  /** Called for each delivery; must not throw. The slot is free again when it resolves. */
  readonly receive: (delivery: Delivery<S>) => Promise<void>;
}

export interface Subscription {
  /** No further deliveries; resolves when those in hand have ended. Idempotent. */
  stop(): Promise<void>;
  /** Changes how many deliveries may be in hand at once; those in hand stay. */
  resize(slots: number): void;
}

export interface Bus {
  /** Messages that a stage's queue takes before it is full. */
  room(stage: Receiver): number;
  /** False when the queue of the message's stage is full; the message is not kept. */
  publish(message: Dispatched): Promise<boolean>;
  /** One subscription per stage and bus. */
  subscribe<S extends Receiver>(options: SubscribeOptions<S>): Subscription;
  /** Messages that wait for a stage, those given back included. */
  depth(stage: Receiver): number;
  /** Stops delivering; what is queued is dropped. Idempotent. */
  close(): Promise<void>;
}
