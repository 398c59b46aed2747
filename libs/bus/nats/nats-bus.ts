/**
 * Messages over JetStream: one work queue per stage and class of runs, pulled by all processes. The broker may lose messages: the sweeper notifies
 * nodes in the due index again.
 */

import type { NatsConnection } from '@nats-io/transport-node';
import { pause } from '../../concurrency/abort.ts';
import { within } from '../../concurrency/within.ts';
import { RECEIVER } from '../../contracts/chain.ts';
import type { PriorityClass } from '../../contracts/priority.ts';
import { classOf, type Dispatched, type Namespace, responseSubject } from '../../contracts/subjects.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { FailedNode } from '../../telemetry/held-spans.ts';
import type { Bus, Receiver, ResponseName, SubscribeOptions, Subscription } from '../port.ts';
import { Backlog } from './backlog.ts';
import type { ClassPlace } from './class-source.ts';
import { FailedNodes } from './failed-nodes.ts';
import { API_CODE, apiCode, isGone, toBusError } from './nats-error.ts';
import { NatsEvents } from './nats-events.ts';
import type { BusNotice } from './notice.ts';
import { ProcessList, type ProcessListOptions } from './process-list.ts';
import { Publishing } from './publishing.ts';
import { type MessageCheck, type RefusedMessage, readDelivery } from './read-message.ts';
import { StageSubscription } from './stage-subscription.ts';
import { type StagePlace, stagePlaces } from './topology.ts';
import type { TopologyKeeper } from './topology-keeper.ts';

export interface NatsBusParts {
  readonly connection: NatsConnection;
  readonly keeper: TopologyKeeper;
  readonly namespace: Namespace;
  readonly capacity: number;
  readonly ackWaitMs: number;
  readonly requestTimeoutMs: number;
  readonly check: MessageCheck;
  readonly onRefused: (refused: RefusedMessage) => Promise<void>;
  readonly onNotice: (notice: BusNotice) => void;
}

/** How long closing waits for pending sends. */
const CLOSE_TIMEOUT_MS = 2_000;
const RESTORE_RETRY_MS = 1_000;

export class NatsBus implements Bus {
  /** The event stream, over the same connection. */
  readonly events: NatsEvents;
  readonly #parts: NatsBusParts;
  readonly #publishing: Publishing;
  /** The queues of each stage, one for each class. */
  readonly #queues: ReadonlyMap<Receiver, readonly ClassPlace[]>;
  readonly #subscriptions = new Map<Receiver, StageSubscription>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(parts: NatsBusParts) {
    const { connection, namespace, requestTimeoutMs, keeper } = parts;
    this.#parts = parts;
    this.#publishing = new Publishing({
      connection,
      namespace,
      timeoutMs: requestTimeoutMs,
      restore: () => keeper.restore(),
      remake: (subject, sentAtMs) => keeper.remake(subject, sentAtMs),
    });
    this.events = new NatsEvents({
      connection,
      namespace,
      publishing: this.#publishing,
      manager: keeper.manager,
    });
    const stages = new Set<Receiver>(Object.values(RECEIVER));
    this.#queues = new Map([...stages].map((stage) => [stage, this.#queuesOf(stage)]));
    keeper.listen((made) => {
      parts.onNotice({ kind: 'restored', ...made });
      if (made.streams > 0) for (const subscription of this.#subscriptions.values()) subscription.forgetHeld();
      this.#restartSubscriptions();
    });
    void this.#follow();
  }

  /** Reads how many messages wait for each stage, so that the first estimates are right. */
  async readBacklogs(): Promise<void> {
    await Promise.all([...this.#queues.values()].flat().map(({ backlog }) => backlog.read()));
  }

  /** An estimate; see {@link Backlog}. */
  room(stage: Receiver, of?: PriorityClass): number {
    const queues = this.#queues.get(stage)!.filter(({ priorityClass }) => of === undefined || priorityClass === of);
    return Math.min(...queues.map(({ backlog }) => backlog.room));
  }

  /** An estimate; see {@link Backlog}. */
  depth(stage: Receiver): number {
    return this.#queues.get(stage)!.reduce((sum, { backlog }) => sum + backlog.depth, 0);
  }

  /** Of those that have come here: a message that waits at the broker does not tell whose it is. */
  othersWait(stage: Receiver, runId: string): boolean {
    return this.#subscriptions.get(stage)?.othersWait(runId) === true;
  }

  /** Asks the streams; throws `bus.unavailable` (retryable) when they do not answer. */
  async hasResponse(name: ResponseName): Promise<boolean> {
    const answers = await Promise.all(this.#queues.get('parser')!.map((queue) => this.#standsIn(queue, name)));
    return answers.includes(true);
  }

  async #standsIn({ stream, priorityClass }: StagePlace, { moduleId, requestId }: ResponseName): Promise<boolean> {
    const { keeper, namespace } = this.#parts;
    const subject = namespace.subject(responseSubject(moduleId, requestId, priorityClass));
    try {
      return (await keeper.manager.streams.getMessage(stream, { last_by_subj: subject })) !== null;
    } catch (thrown) {
      // The stream is missing, and with it what waited there.
      if (apiCode(thrown) === API_CODE.streamNotFound) return false;
      throw toBusError(thrown, 'looking for a response that waits');
    }
  }

  /** Throws `bus.unavailable` (retryable) when the server does not answer in time, `bus.message_too_large`. */
  async publish(message: Dispatched): Promise<boolean> {
    const ofClass = classOf(message);
    const queues = this.#queues.get(RECEIVER[message.kind])!;
    const { backlog } = queues.find(({ priorityClass }) => priorityClass === ofClass)!;
    if (this.#closed !== undefined || backlog.room === 0) return false;
    backlog.add();
    let kept = false;
    try {
      const result = await this.#publishing.message(message);
      kept = result === 'kept';
      // The estimate was too low.
      if (result === 'full') void backlog.read();
      return result !== 'full';
    } finally {
      if (!kept) backlog.withdraw();
    }
  }

  subscribe<S extends Receiver>(options: SubscribeOptions<S>): Subscription {
    const { stage } = options;
    if (this.#subscriptions.has(stage)) {
      throw new CatenaError('bus.subscribed_twice', `${stage} is subscribed already`, {
        remedy: 'stop the first subscription before the second begins',
      });
    }
    const { connection, namespace, check, ackWaitMs, onRefused, onNotice } = this.#parts;
    const subscription = new StageSubscription({
      connection,
      places: this.#queues.get(stage)!,
      subscriber: options as unknown as SubscribeOptions<Receiver>,
      ackWaitMs,
      read: (msg) => readDelivery(msg, stage, namespace, check),
      plainSubject: (subject) => namespace.strip(subject) ?? subject,
      onRefused,
      onError: (error) => onNotice({ kind: 'delivery_failed', stage, error }),
      restore: () => this.#restore(),
    });
    this.#subscriptions.set(stage, subscription);
    return {
      stop: () => {
        if (this.#subscriptions.get(stage) === subscription) this.#subscriptions.delete(stage);
        return subscription.stop();
      },
      resize: (slots) => subscription.resize(slots),
    };
  }

  /** Resolves when the streams that these stages take from have leaders and answer; rejects with what is missing. */
  async check(stages: readonly Receiver[]): Promise<void> {
    const { keeper, namespace } = this.#parts;
    try {
      if (stages.length === 0) await keeper.manager.getAccountInfo();
      await Promise.all(
        stages
          .flatMap((stage) => stagePlaces(namespace, stage))
          .map(async ({ stream, consumer }) => {
            const { cluster } = await keeper.manager.consumers.info(stream, consumer);
            if (cluster !== undefined && cluster.leader === '') throw new Error(`consumer ${consumer} has no leader`);
          }),
      );
    } catch (thrown) {
      throw toBusError(thrown, 'checking the streams');
    }
  }

  /** The processes of the deployment, over the same connection. */
  processes(options: Pick<ProcessListOptions, 'self' | 'calls' | 'onGone'>): ProcessList {
    const { connection, namespace } = this.#parts;
    return new ProcessList({ connection, namespace, ...options });
  }

  /** Tells the other processes of nodes that failed, over the same connection. */
  failedNodes(onFailed: (failed: FailedNode) => void): FailedNodes {
    const { connection, namespace } = this.#parts;
    return new FailedNodes({ connection, namespace, onFailed });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { connection } = this.#parts;
    this.#closing.abort();
    const ended = async () => {
      await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.abandon()));
      await connection.drain();
    };
    // Draining fails only on a connection that is closed already.
    await within(
      ended().catch(() => undefined),
      CLOSE_TIMEOUT_MS,
    );
    await connection.close();
  }

  #queuesOf(stage: Receiver): ClassPlace[] {
    return stagePlaces(this.#parts.namespace, stage).map((place) => ({ ...place, backlog: this.#newBacklog(place) }));
  }

  #newBacklog({ stream, consumer }: StagePlace): Backlog {
    const { keeper, capacity } = this.#parts;
    return new Backlog({
      capacity,
      monotonic: () => performance.now(),
      countPending: async () => {
        if (this.#closed !== undefined) return 0;
        try {
          return (await keeper.manager.consumers.info(stream, consumer)).num_pending;
        } catch (thrown) {
          if (isGone(thrown)) void this.#restore();
          throw thrown;
        }
      },
    });
  }

  /** Restores requests, consumers and streams, which a restarted server may have lost. */
  async #follow(): Promise<void> {
    for await (const status of this.#parts.connection.status()) {
      if (this.#closed !== undefined) return;
      if (status.type === 'disconnect') this.#parts.onNotice({ kind: 'disconnected', server: status.server });
      if (status.type === 'error') this.#parts.onNotice({ kind: 'server_error', error: status.error });
      if (status.type !== 'reconnect') continue;
      this.#parts.onNotice({ kind: 'reconnected', server: status.server });
      void this.#restore().then(() => this.#restartSubscriptions());
    }
  }

  #restartSubscriptions(): void {
    for (const subscription of this.#subscriptions.values()) subscription.restart();
  }

  /** Retries until all exist or the bus closes. */
  async #restore(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#parts.keeper.restore();
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        this.#parts.onNotice({ kind: 'restore_failed', error });
        await pause(RESTORE_RETRY_MS, this.#closing.signal);
      }
    }
  }
}
