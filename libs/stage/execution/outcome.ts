/**
 * The result of handling an input. Handlers return outcomes; only the stage runner publishes, acks and naks.
 *
 *     next       the work is committed: publish what follows, then ack
 *     retry      it cannot be done now: nak the message with a delay
 *     fail       the node's failure is recorded: publish it to error-threshold, then ack
 *     skip       there is nothing to do (done before, stale, paused, …): ack
 *     terminate  a threshold or the author has ended a module or the task: publish what follows, then ack
 */
import type { Message, MessageFrom, Stage } from '../../contracts/chain.ts';
import type { Grant, Waiting } from '../messages/publisher.ts';
import type { HandOver } from './hand-over.ts';

export type Outcome<S extends Stage> =
  | {
      readonly kind: 'next';
      readonly messages: readonly MessageFrom<S>[];
      /** What was decided, for the span: `retry`, `fallback`, … Default: `next`. */
      readonly decision?: string;
      readonly handOver?: HandOver;
      /** Reserved room for the messages; released when they are published. */
      readonly grant?: Grant;
      /** What keeps a response that has to wait from being taken for lost. */
      readonly waiting?: Waiting;
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

/** An outcome of any stage; the messages were checked where the outcome was made. */
export type AnyOutcome = Outcome<'sweeper'>;
