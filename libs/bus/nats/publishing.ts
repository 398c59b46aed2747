/** Publishes one message to its stream. */

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { backOffMs } from '../../concurrency/back-off.ts';
import { encodeMessage } from '../../contracts/chain.ts';
import { type Dispatched, messageId, type Namespace, subjectOfMessage } from '../../contracts/subjects.ts';
import { nodeIdOf } from '../../contracts/validate.ts';
import { CatenaError, toCatenaError } from '../../errors/catena-error.ts';
import { inCallSpan } from '../../telemetry/spans.ts';
import { outgoingHeaders, sizeOf } from './message-headers.ts';
import { sendSpan } from './message-spans.ts';
import { isGone, isLeaderless, isStreamFull, isWithoutFiles, toBusError } from './nats-error.ts';

export interface PublishingOptions {
  readonly connection: NatsConnection;
  readonly namespace: Namespace;
  /** Timeout of one answer, in milliseconds; a message without an answer is sent again for four times as long. */
  readonly timeoutMs: number;
  /** Creates missing streams and consumers again. */
  readonly restore: () => Promise<void>;
  /** Makes the stream of a subject anew; see {@link TopologyKeeper.remake}. */
  readonly remake: (subject: string, sentAtMs: number) => Promise<void>;
}

/** An outgoing message as bytes. */
export interface Outgoing {
  /** Subject without its namespace. */
  readonly subject: string;
  readonly kind: string;
  readonly body: Uint8Array;
  /** Message id; the broker drops a recent duplicate. */
  readonly id: string;
}

/** `duplicate`: the broker has stored a message with this id already. */
export type PublishResult = 'kept' | 'duplicate' | 'full';

/** The first send of a message waits this share of the timeout, each further one twice as long as the one before. */
const FIRST_WAIT_SHARE = 5;
/** A message fails after so many timeouts. */
const WAITED_TIMEOUTS = 4;

export class Publishing {
  readonly #options: PublishingOptions;
  readonly #client: JetStreamClient;

  constructor(options: PublishingOptions) {
    this.#options = options;
    this.#client = jetstream(options.connection, { timeout: options.timeoutMs });
  }

  message(message: Dispatched): Promise<PublishResult> {
    const subject = subjectOfMessage(message);
    return this.bytes({ subject, kind: message.kind, body: encodeMessage(message), id: wakeUpId(message) });
  }

  /**
   * Throws `bus.message_too_large` before anything is sent, and `bus.unavailable` (retryable) when the server does not answer in
   * time. A missing stream, or one without its files, is created again, and the message is sent again.
   */
  async bytes(outgoing: Outgoing): Promise<PublishResult> {
    const { connection, namespace } = this.#options;
    const { subject: plain, body, id } = outgoing;
    const describe = () =>
      sendSpan(connection, { subject: namespace.subject(plain), plain, bytes: body.byteLength }, id);
    return inCallSpan(describe, () => this.#send(outgoing), { answered: (result) => ({ result }) });
  }

  async #send({ subject, kind, body, id }: Outgoing): Promise<PublishResult> {
    const { connection, namespace } = this.#options;
    const place = namespace.subject(subject);
    const headers = outgoingHeaders(kind);
    checkSize(connection, place, headers, body);
    const send = async (waitMs: number): Promise<PublishResult> => {
      const answer = await this.#client.publish(place, body, { msgID: id, headers, timeout: waitMs });
      return answer.duplicate ? 'duplicate' : 'kept';
    };
    try {
      return await this.#untilAnswered(place, send);
    } catch (thrown) {
      if (isStreamFull(thrown)) return 'full';
      throw toBusError(thrown, `publishing to ${place}`);
    }
  }

  /**
   * Sends a message without an answer again, at growing intervals: otherwise only the sweeper would send the wake-up again, long
   * after the server is back, or the cluster has a leader again. The broker stores it once, by its id.
   */
  async #untilAnswered(place: string, send: (waitMs: number) => Promise<PublishResult>): Promise<PublishResult> {
    const { connection, timeoutMs } = this.#options;
    const startedMs = performance.now();
    for (let failures = 0; ; failures++) {
      const waitMs = backOffMs({ baseMs: timeoutMs / FIRST_WAIT_SHARE, maxMs: timeoutMs }, failures);
      const sentAtMs = performance.now();
      const untilMs = sentAtMs + waitMs;
      const leftMs = timeoutMs * WAITED_TIMEOUTS - (performance.now() - startedMs);
      try {
        return await send(Math.min(waitMs, leftMs));
      } catch (thrown) {
        if (waitMs >= leftMs || connection.isClosed() || connection.isDraining()) throw thrown;
        const { restore, remake } = this.#options;
        if (isGone(thrown)) {
          if (await succeeds(restore)) continue;
        } else if (isWithoutFiles(thrown)) {
          if (await succeeds(() => remake(place, sentAtMs))) continue;
        } else if (!isLeaderless(thrown)) throw thrown;
      }
      // An answer that says "not now" comes at once.
      await delay(Math.max(0, untilMs - performance.now()));
    }
  }
}

/** False while the server or the cluster does not answer; throws what stays. */
async function succeeds(mend: () => Promise<void>): Promise<boolean> {
  try {
    await mend();
    return true;
  } catch (thrown) {
    if (toCatenaError(thrown, 'bus.unavailable', 'retryable').class === 'retryable') return false;
    throw thrown;
  }
}

/** A message that is not a counted wake-up needs a unique id; it only identifies repeated sends of the client. */
function wakeUpId(message: Dispatched): string {
  const { kind, dispatch } = message;
  if (kind === 'task' || dispatch === undefined) return `${kind}:${randomUUID()}`;
  return messageId({ kind, nodeId: nodeIdOf(message), epoch: message.model.context?.epoch ?? 0, dispatch });
}

function checkSize({ info }: NatsConnection, place: string, headers: MsgHdrs, body: Uint8Array): void {
  const maxBytes = info?.max_payload ?? Number.POSITIVE_INFINITY;
  const sizeBytes = sizeOf(headers, body);
  if (sizeBytes <= maxBytes) return;
  throw new CatenaError('bus.message_too_large', `a message for ${place} takes ${sizeBytes} bytes, of ${maxBytes}`, {
    data: { subject: place, sizeBytes, maxBytes },
    remedy: 'lower blob_threshold_bytes, or raise max_payload of nats-server',
  });
}
