/**
 * The bus carries wake-ups. A message may be lost, doubled, late or out of order: the coordinator's state decides, and the
 * sweeper notifies again. A bus must deliver at least once in normal operation, hold messages back when a stage has no free slot,
 * and refuse messages when it is full.
 */
import type { MessageTo, Stage } from '../contracts/chain.ts';
import type { PriorityClass } from '../contracts/priority.ts';
import type { Dispatched } from '../contracts/subjects.ts';

/** A stage that takes messages. */
export type Receiver = Exclude<Stage, 'module-processor' | 'sweeper'>;

/** A message that a stage is handling; exactly one of the two methods is called, once. */
export interface Delivery<S extends Receiver> {
  readonly message: MessageTo<S>;
  ack(): void;
  /** Returns the message; it is delivered again after the delay. */
  nak(delayMs: number): void;
}

export interface SubscribeOptions<S extends Receiver> {
  readonly stage: S;
  /** Deliveries at the same time. */
  readonly slots: number;
  /** Called for each delivery; must not throw. Its slot is free again when the promise resolves. */
  readonly receive: (delivery: Delivery<S>) => Promise<void>;
}

export interface Subscription {
  /** Takes no more deliveries; resolves when the running ones have ended. Idempotent. */
  stop(): Promise<void>;
  /** Changes the number of deliveries at the same time; running ones continue. */
  resize(slots: number): void;
}

/** Names the response to a request. */
export interface ResponseName {
  readonly moduleId: string;
  /** The id of the request's node. */
  readonly requestId: string;
}

export interface Bus {
  /**
   * How many messages of a class a stage's queue takes before it is full; without a class: of any. A bus whose classes share a queue
   * answers the same for all.
   */
  room(stage: Receiver, of?: PriorityClass): number;
  /** Publishes a message; false when its stage's queue is full, and then the message is not stored. */
  publish(message: Dispatched): Promise<boolean>;
  /** Subscribes a stage; one subscription per stage and bus. */
  subscribe<S extends Receiver>(options: SubscribeOptions<S>): Subscription;
  /** Number of messages that wait for a stage, including returned ones. */
  depth(stage: Receiver): number;
  /** Whether a message of another run waits for a stage here; of what waits at a broker a process does not know whose it is. */
  othersWait(stage: Receiver, runId: string): boolean;
  /** Whether the response to a request waits for its parser, or is being handled. */
  hasResponse(request: ResponseName): Promise<boolean>;
  /** Stops delivering; queued messages are dropped. Idempotent. */
  close(): Promise<void>;
}
