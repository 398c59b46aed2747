import type { Stage } from '../../contracts/chain.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import { isTracing, noteOnSpan } from '../../telemetry/spans.ts';
import type { Publisher } from '../messages/publisher.ts';
import { outcomeFields } from '../observe/stage-span.ts';
import type { AnyOutcome } from './outcome.ts';

/** Acks or naks the message that led to an outcome. */
export interface Acknowledgement {
  ack(): void;
  nak(delayMs: number): void;
}

/** For work without a message: a hand-over, or a call. */
export const NO_MESSAGE: Acknowledgement = { ack: () => undefined, nak: () => undefined };

/** Carries out an outcome: publishes, starts the hand-over, and only then acks. */
export async function applyOutcome(
  stage: Stage,
  outcome: AnyOutcome,
  publisher: Publisher,
  acknowledgement: Acknowledgement,
): Promise<void> {
  if (isTracing()) noteOnSpan(outcomeFields(outcome));
  switch (outcome.kind) {
    case 'retry':
      acknowledgement.nak(outcome.delayMs);
      return;
    case 'fail':
      await publisher.publish(stage, [outcome.error]);
      break;
    case 'next':
      try {
        if (outcome.messages.length > 0) await publisher.publish(stage, outcome.messages, outcome.waiting);
      } finally {
        outcome.grant?.release();
        // Started also when publishing fails, because a hand-over already holds a lease and a slot.
        outcome.handOver?.start();
      }
      break;
    case 'terminate':
      await publisher.publish(stage, outcome.messages);
      break;
    case 'skip':
      break;
  }
  failpoint('ack.before');
  acknowledgement.ack();
  failpoint('ack.after');
}
