/**
 * The processes of a deployment: who runs which stages with which modules, and who ended without a word.
 *
 * Every process announces itself now and then, and answers on a subject of its own for as long as it is connected. The server
 * reports at once that nobody listens there when a process was killed: the end of its connection is seen by the server, however
 * busy the process is, so a process whose loop is blocked or that is stopped is not taken for gone. Each process watches the next
 * one in the order of their ids, so that the cost does not grow with their number. One that has just come does not know those who
 * were killed before: who watches it tells it, with each look, who comes after it.
 */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { z } from 'zod';
import { Rounds } from '../../concurrency/rounds.ts';
import { type Namespace, processPingSubject, processSubject } from '../../contracts/subjects.ts';
import { type CallInFlight, type CallsInFlight, MOST_CALLS } from '../../telemetry/calls-in-flight.ts';
import type { ProcessInfo } from '../process-info.ts';
import { isUnheard } from './nats-error.ts';

export interface ProcessListOptions {
  readonly connection: NatsConnection;
  readonly namespace: Namespace;
  readonly self: ProcessInfo;
  /** Its calls, read for each announcement. */
  readonly calls?: (() => CallsInFlight) | undefined;
  /** Called in one process for each that is gone; its leases have nobody who renews them. */
  readonly onGone: (gone: ProcessInfo) => void;
  /** Milliseconds; for tests. */
  readonly times?: Partial<Record<keyof typeof TIMES, number>>;
}

/** In milliseconds. */
const TIMES = {
  /** From one announcement to the next. */
  announceMs: 10_000,
  /** A process that was not heard of for so long is not listed any more. */
  forgetMs: 35_000,
  /** From one look at the next process to the other. */
  watchMs: 1_000,
  /** How long a process may be unheard before it is gone: longer than a client needs to find another server. */
  goneAfterMs: 2_500,
  /** From one look to the other while a process is unheard. */
  suspectMs: 250,
  /** How long an answer may take. A process that is connected but does not answer is not gone. */
  answerMs: 1_000,
  /** Nobody is taken for gone so soon after this process itself was disconnected: the others were, too. */
  settleMs: 5_000,
} as const;

/** Processes that are looked at in one round, when those before do not answer. */
const MOST_LOOKS = 3;

const MAX_URL_CHARS = 500;

const CALL = z.object({
  moduleId: z.string().max(300),
  step: z.string().max(300),
  fn: z.string().max(64),
  runId: z.string().max(300).optional(),
  nodeId: z.string().max(300).optional(),
  url: z.string().max(MAX_URL_CHARS).optional(),
  worker: z.string().max(64),
  ageMs: z.number(),
  budgetMs: z.number(),
});

const INFO = z.object({
  id: z.string().min(1).max(64),
  name: z.string().max(300),
  stages: z.array(z.string().max(64)).max(16),
  modules: z.array(z.string().max(300)).max(1_000),
  queuesLocally: z.boolean(),
  startedAtMs: z.number(),
  calls: z
    .object({
      workers: z.number(),
      queued: z.number(),
      queuedMs: z.number(),
      begun: z.number(),
      oldest: z.array(CALL).max(MOST_CALLS),
    })
    .optional(),
});

/** How long those who are asked have for their answer. */
const ASKED_MS = 300;

interface Known {
  readonly info: ProcessInfo;
  /** When it was heard of first; minus infinity if another process knew it before. */
  readonly sinceMs: number;
  heardAtMs: number;
}

export class ProcessList {
  readonly #options: ProcessListOptions;
  readonly #times: Record<keyof typeof TIMES, number>;
  readonly #known = new Map<string, Known>();
  /** Those that left or are gone, and when: who tells of them may not have heard it yet. */
  readonly #ended = new Map<string, number>();
  readonly #subscriptions: Subscription[] = [];
  readonly #announcing: Rounds;
  readonly #watching: Rounds;
  #connectedAtMs = performance.now();
  #answerSoon: NodeJS.Timeout | undefined;

  constructor(options: ProcessListOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#announcing = new Rounds(async () => this.#announce(), this.#times.announceMs);
    this.#watching = new Rounds(() => this.#watch(), this.#times.watchMs);
  }

  /** Announces this process and asks for the others. */
  start(): void {
    const { connection, self } = this.#options;
    this.#listen(processSubject('here'), (text) => this.#heard(text));
    this.#listen(processSubject('left'), (text) => this.#forget(text));
    this.#listen(processSubject('gone'), (text) => this.#forget(text));
    this.#listen(processSubject('who'), () => this.#answer());
    const ping = this.#options.namespace.subject(processPingSubject(self.id));
    const callback = (_error: Error | null, message: Msg) => {
      message?.respond();
      this.#told(message?.string());
    };
    this.#subscriptions.push(connection.subscribe(ping, { callback }));
    this.#publish(processSubject('who'), '');
    this.#announcing.start();
    this.#watching.start(this.#times.watchMs);
    void this.#follow();
  }

  /** All processes that are known to run, this one included, in the order of their names. */
  list(): readonly ProcessInfo[] {
    const self = this.#self();
    const oldestMs = performance.now() - this.#times.forgetMs;
    const others = [...this.#known.values()].filter(({ heardAtMs }) => heardAtMs >= oldestMs).map(({ info }) => info);
    return [self, ...others].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** As {@link list}, after the others were asked what they do. */
  async ask(): Promise<readonly ProcessInfo[]> {
    this.#publish(processSubject('who'), '');
    await new Promise((resolve) => setTimeout(resolve, ASKED_MS));
    return this.list();
  }

  /** Says that this process ends on purpose. Idempotent. */
  async stop(): Promise<void> {
    clearTimeout(this.#answerSoon);
    this.#announcing.end();
    this.#watching.end();
    if (this.#subscriptions.length > 0) this.#publish(processSubject('left'), this.#options.self.id);
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    await Promise.all([this.#announcing.stop(), this.#watching.stop()]);
  }

  #listen(subject: string, onText: (text: string) => void): void {
    const { connection, namespace } = this.#options;
    const subscription = connection.subscribe(namespace.subject(subject), {
      callback: (error, message) => {
        if (error === null) onText(message.string());
      },
    });
    this.#subscriptions.push(subscription);
  }

  #publish(subject: string, text: string): void {
    const { connection, namespace } = this.#options;
    if (!connection.isClosed()) connection.publish(namespace.subject(subject), text);
  }

  #self(): ProcessInfo {
    const { self, calls } = this.#options;
    if (calls === undefined) return self;
    const inFlight = calls();
    return { ...self, calls: { ...inFlight, oldest: inFlight.oldest.map(withShortUrl) } };
  }

  #announce(): void {
    this.#publish(processSubject('here'), JSON.stringify(this.#self()));
    const oldestMs = performance.now() - this.#times.forgetMs;
    for (const [id, { heardAtMs }] of this.#known) if (heardAtMs < oldestMs) this.#known.delete(id);
    for (const [id, endedAtMs] of this.#ended) if (endedAtMs < oldestMs) this.#ended.delete(id);
  }

  /** Not at once: all processes are asked at the same time. */
  #answer(): void {
    this.#answerSoon ??= setTimeout(() => {
      this.#answerSoon = undefined;
      this.#announce();
    }, Math.random() * 200);
  }

  #heard(text: string): void {
    const info = readInfo(text);
    if (info === undefined || info.id === this.#options.self.id) return;
    const heardAtMs = performance.now();
    const sinceMs = this.#known.get(info.id)?.sinceMs ?? heardAtMs;
    this.#known.set(info.id, { info, sinceMs, heardAtMs });
  }

  /** The process before this one says who comes after it, which may have been killed before this one started. */
  #told(text: string | undefined): void {
    const info = readInfo(text ?? '');
    if (info === undefined || this.#known.has(info.id) || this.#ended.has(info.id)) return;
    const heardAtMs = performance.now();
    this.#known.set(info.id, { info, sinceMs: Number.NEGATIVE_INFINITY, heardAtMs });
  }

  #forget(id: string): void {
    this.#known.delete(id);
    this.#ended.set(id, performance.now());
  }

  /** Looks at the next process, and at the one after it while that does not answer. */
  async #watch(): Promise<void> {
    const ring = this.#ring();
    for (const [at, known] of ring.slice(0, MOST_LOOKS).entries()) {
      const after = this.#isNew(known) ? ring.slice(at + 1).find(({ sinceMs }) => sinceMs < known.sinceMs) : undefined;
      const answer = await this.#ping(known.info.id, after?.info);
      if (answer === 'unheard') await this.#suspect(known);
      if (answer !== 'silent') return;
    }
  }

  /** One that may not know those who were killed before it came: they are known for so long. */
  #isNew({ sinceMs }: Known): boolean {
    return performance.now() - sinceMs < this.#times.forgetMs;
  }

  /** The others in the order in which they are watched. */
  #ring(): readonly Known[] {
    const { self } = this.#options;
    const others = [...this.#known.values()].sort((one, other) => (one.info.id < other.info.id ? -1 : 1));
    const at = others.findIndex(({ info }) => info.id > self.id);
    return at === -1 ? others : [...others.slice(at), ...others.slice(0, at)];
  }

  async #suspect(known: Known): Promise<void> {
    const { goneAfterMs, suspectMs } = this.#times;
    const unheardSinceMs = performance.now();
    while (!this.#watching.isStopped && this.#known.get(known.info.id) === known) {
      if (!this.#isSettled()) return;
      if (performance.now() - unheardSinceMs >= goneAfterMs) return this.#end(known.info);
      await new Promise((resolve) => setTimeout(resolve, suspectMs));
      if ((await this.#ping(known.info.id)) !== 'unheard') return;
    }
  }

  #end(info: ProcessInfo): void {
    this.#forget(info.id);
    this.#publish(processSubject('gone'), info.id);
    this.#options.onGone(info);
  }

  /** `unheard`: the server knows of nobody who listens; `silent`: somebody does, and does not answer. */
  async #ping(id: string, after?: ProcessInfo): Promise<'heard' | 'silent' | 'unheard'> {
    const { connection, namespace } = this.#options;
    if (connection.isClosed()) return 'silent';
    try {
      const text = after === undefined ? '' : JSON.stringify({ ...after, calls: undefined });
      await connection.request(namespace.subject(processPingSubject(id)), text, { timeout: this.#times.answerMs });
      return 'heard';
    } catch (thrown) {
      return isUnheard(thrown) ? 'unheard' : 'silent';
    }
  }

  #isSettled(): boolean {
    return performance.now() - this.#connectedAtMs >= this.#times.settleMs;
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#options.connection.status()) {
      if (this.#watching.isStopped) return;
      if (type !== 'disconnect' && type !== 'reconnect') continue;
      this.#connectedAtMs = performance.now();
      if (type === 'reconnect') this.#publish(processSubject('who'), '');
    }
  }
}

function withShortUrl(call: CallInFlight): CallInFlight {
  return call.url === undefined ? call : { ...call, url: call.url.slice(0, MAX_URL_CHARS) };
}

/** Undefined for what no process sends. */
function readInfo(text: string): ProcessInfo | undefined {
  try {
    return INFO.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
