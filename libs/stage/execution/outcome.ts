/**
 * What a handler makes of an input. Handlers return outcomes; only the stage runner publishes, acks and gives back.
 *
 *     next       the work is committed: publish what follows, then ack
 *     retry      it cannot be done now: give the message back with a delay
 *     fail       the node's failure is recorded: publish it to error-threshold, then ack
 *     skip       there is nothing to do (done before, stale, paused, …): ack
 *     terminate  a module or the task has been ended by a threshold: publish what follows, then ack
 */
import type { Message, MessageFrom, Stage } from '../../contracts/chain.ts';
import type { Grant } from '../messages/publisher.ts';
import type { HandOver } from './hand-over.ts';

export type Outcome<S extends Stage> =
  | {
      readonly kind: 'next';
      readonly messages: readonly MessageFrom<S>[];
      readonly handOver?: HandOver;
      /** The room that the messages were promised; given back when they are published. */
      readonly grant?: Grant;
    }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'fail'; readonly error: Message<'error'> }
  | { readonly kind: 'skip'; readonly reason: string }
  | {
      readonly kind: 'terminate';
      readonly scope: 'module' | 'task';
      readonly reason: string;
      readonly messages: readonly MessageFrom<S>[];
    };

/** An outcome of whichever stage: what a stage may send has been checked where it was made. */
export type AnyOutcome = Outcome<'sweeper'>;
