import { type ChainEvent, EVENTS, eventId } from '../contracts/events.ts';
import { percentEncode } from '../contracts/percent-encoding.ts';
import type { BreakerTransition } from './breakers.ts';

/** In whose course a breaker changed. */
export interface BreakerOccasion {
  readonly runId: string;
  readonly moduleId: string;
  readonly nodeId: string;
}

/** `%`, the separator, and what no header of a message may hold. */
const RESERVED = /[%:\s\p{C}]/gu;

/** The event of a transition: BreakerOpened or BreakerClosed. Its id is that of the breaker and its generation alone. */
export function breakerEvent(
  { key, kind, generation, atMs }: BreakerTransition,
  occasion: BreakerOccasion,
): ChainEvent {
  const { type, version } = kind === 'opened' ? EVENTS.BreakerOpened : EVENTS.BreakerClosed;
  return {
    id: eventId(`breaker:${percentEncode(key, RESERVED)}`, generation, type),
    ...{ type, version, ...occasion, epoch: generation, atMs },
    data: { key },
  };
}
