import type { Delivered } from './delivered.ts';

const ACK = '+ACK';
const IN_PROGRESS = '+WPI';
/** Sent without a reason: server 2.9 ignores a TERM with a reason, and delivers the message again. */
const TERMINATE = '+TERM';

/**
 * A message that is being handled. All answers are fire and forget: a lost answer brings the message again, and a late one
 * affects its current holder, which costs a wake-up and no work.
 */
export class HeldMessage {
  readonly msg: Delivered;
  /** Number in the stream. */
  readonly sequence: number;
  readonly isRedelivered: boolean;
  /** How many messages stood at the consumer when it sent this one, without those that are with receivers. */
  readonly standing: number;
  readonly #send: (subject: string, text: string) => void;
  #isAnswered = false;

  /** `send` publishes a text. */
  constructor(msg: Delivered, send: (subject: string, text: string) => void) {
    this.msg = msg;
    this.#send = send;
    const { deliveries, sequence, standing } = placeOf(msg.reply);
    this.sequence = sequence;
    this.standing = standing;
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

  /** Its stream was made anew: an answer would be taken for one to the message that has its number now. */
  forget(): void {
    this.#isAnswered = true;
  }

  /** Tells the server that the message is being handled. */
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
      this.#send(this.msg.reply, text);
    } catch {
      // The connection is closed; the message is delivered to another process.
    }
  }
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`; newer servers put a domain and
 * an account before the stream, which makes eleven tokens or more of the nine.
 */
function placeOf(reply: string): { deliveries: number; sequence: number; standing: number } {
  const tokens = reply.split('.');
  const at = tokens.length === 9 ? 4 : 6;
  return { deliveries: Number(tokens[at]), sequence: Number(tokens[at + 1]), standing: Number(tokens[at + 4]) };
}
