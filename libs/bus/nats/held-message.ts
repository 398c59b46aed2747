import type { Msg } from '@nats-io/transport-node';

const ACK = '+ACK';
const IN_PROGRESS = '+WPI';
/** Without a reason: server 2.9 takes one with a reason for nothing, and delivers the message again. */
const TERMINATE = '+TERM';

/**
 * A message in hand. All answers are fire and forget: one that is lost brings the message again, and one that comes too
 * late hits whoever holds it now, which costs a wake-up and no work.
 */
export class HeldMessage {
  readonly msg: Msg;
  /** Its number in the stream. */
  readonly sequence: number;
  readonly isRedelivered: boolean;
  #isAnswered = false;

  constructor(msg: Msg) {
    this.msg = msg;
    const { deliveries, sequence } = placeOf(msg.reply ?? '');
    this.sequence = sequence;
    this.isRedelivered = deliveries > 1;
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  ack(): void {
    this.#end(ACK);
  }

  terminate(): void {
    this.#end(TERMINATE);
  }

  nak(delayMs: number): void {
    const delay = JSON.stringify({ delay: Math.max(1, Math.round(delayMs * 1e6)) });
    this.#end(`-NAK ${delay}`);
  }

  /** Tells the server that somebody works on it. */
  keep(): void {
    if (!this.#isAnswered) this.#answer(IN_PROGRESS);
  }

  #end(answer: string): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#answer(answer);
  }

  #answer(text: string): void {
    try {
      this.msg.respond(text);
    } catch {
      // The connection is closed; the message comes again elsewhere.
    }
  }
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.…`; newer servers put a domain and an account before the
 * stream, which makes eleven tokens or more of the nine.
 */
function placeOf(reply: string): { deliveries: number; sequence: number } {
  const tokens = reply.split('.');
  const at = tokens.length === 9 ? 4 : 6;
  return { deliveries: Number(tokens[at]), sequence: Number(tokens[at + 1]) };
}
