import type { Bus, Receiver } from '../../bus/port.ts';
import type { Stage } from '../../contracts/chain.ts';
import { ClaimCode, type ClaimCommand } from '../../coordination/protocol/claims.ts';
import { CommitCode, type CommitOutcome } from '../../coordination/protocol/commits.ts';
import type { NodeKind } from '../../coordination/protocol/node.ts';
import { codeName } from '../../coordination/protocol/outcome.ts';
import type { BodyMemory } from '../../limits/body-memory.ts';
import type { Limiter } from '../../limits/limiter.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Counter, Histogram, Metrics } from '../../telemetry/metrics.ts';
import type { LeaseKeeper } from '../execution/lease.ts';
import type { Solitude } from '../execution/solitude.ts';
import type { BackpressureReason } from '../messages/publisher.ts';

type ExecutingStage = ClaimCommand['stage'];

/** The counters of the stages; each series is looked up once. */
export class Meters {
  readonly #claims: readonly Counter[];
  readonly #commits: readonly Counter[];
  readonly #metrics: Metrics;
  readonly #advanceWin: Counter;
  readonly #advanceLost: Counter;
  readonly #generated: Counter;
  readonly #generateFailed: Counter;
  readonly #parsed: Counter;
  readonly #parseFailed: Counter;
  readonly #items: Counter;
  readonly #drops: Counter;
  readonly #exhausted: Counter;
  readonly #suspects: Counter;
  readonly #hops: Histogram;
  readonly #requests: Histogram;
  readonly #failures = new Map<string, Counter>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.#claims = byCode(ClaimCode, (result) => metrics.counter(METRICS.ptmClaim).with({ result }));
    this.#commits = byCode(CommitCode, (result) => metrics.counter(METRICS.ptmCommit).with({ result }));
    this.#advanceWin = metrics.counter(METRICS.advanceGateWin).with({});
    this.#advanceLost = metrics.counter(METRICS.advanceGateLost).with({});
    this.#generated = metrics.counter(METRICS.moduleStepGenerate).with({});
    this.#generateFailed = metrics.counter(METRICS.moduleStepGenerateFailed).with({});
    this.#parsed = metrics.counter(METRICS.parserSuccess).with({});
    this.#parseFailed = metrics.counter(METRICS.parserFailed).with({});
    this.#items = metrics.counter(METRICS.itemsCommitted).with({});
    this.#hops = metrics.histogram(METRICS.ptmProcessingDurationMs).with({ kind: 'hop' });
    this.#requests = metrics.histogram(METRICS.ptmProcessingDurationMs).with({ kind: 'request' });
    this.#drops = metrics.counter(METRICS.recordsDropped).with({});
    this.#exhausted = metrics.counter(METRICS.budgetExhausted).with({});
    this.#suspects = metrics.counter(METRICS.suspectsExecuted).with({});
  }

  claim(code: number): void {
    this.#claims[code]?.add();
  }

  commit({ code, created, gateLost }: CommitOutcome): void {
    this.#commits[code]?.add();
    this.children(created, gateLost);
  }

  /** Records how long a node was held, from its claim to its commit or failure. */
  processed(kind: NodeKind, durationMs: number): void {
    (kind === 'request' ? this.#requests : this.#hops).observe(durationMs);
  }

  children(created: number, gateLost: number): void {
    this.#advanceWin.add(created);
    this.#advanceLost.add(gateLost);
  }

  items(committed: number): void {
    this.#items.add(committed);
  }

  drops(count: number): void {
    this.#drops.add(count);
  }

  /** Counts a request that was not sent because the cost cap of its run had no room for it. */
  budgetExhausted(): void {
    this.#exhausted.add();
  }

  /** Counts a suspect whose execution alone began. */
  suspectExecuted(): void {
    this.#suspects.add();
  }

  /** Counts a committed node by its stage and the stage of its children. */
  bodyCommitted(stage: ExecutingStage, childStage: 'ingress' | 'downloader'): void {
    if (stage === 'parser') this.#parsed.add();
    else if (childStage === 'downloader') this.#generated.add();
  }

  bodyFailed(stage: ExecutingStage): void {
    if (stage === 'parser') this.#parseFailed.add();
    else if (stage === 'module-processor') this.#generateFailed.add();
  }

  failure(stage: string): void {
    let counter = this.#failures.get(stage);
    if (counter === undefined) {
      counter = this.#metrics.counter(METRICS.errorTaskEmitted).with({ stage });
      this.#failures.set(stage, counter);
    }
    counter.add();
  }
}

/** One counter per code of a table, found by its number. */
function byCode(table: Readonly<Record<string, number>>, create: (result: string) => Counter): readonly Counter[] {
  return Array.from({ length: Object.keys(table).length }, (_, code) => create(codeName(table, code)));
}

/** Counts publishes that had to wait, by sender, queue and reason. */
export function backpressureCounter(
  metrics: Metrics,
): (sender: Stage, receiver: Receiver, reason: BackpressureReason) => void {
  const requests = metrics.counter(METRICS.requestPublishBackpressure);
  const ofParser = metrics.counter(METRICS.parserChainBackpressure);
  const ofDownloader = metrics.counter(METRICS.downloadResponseBackpressure);
  return (sender, queue, reason) => {
    if (sender === 'parser') ofParser.with({ queue, reason }).add();
    else if (sender === 'downloader') ofDownloader.with({ queue, reason }).add();
    else requests.with({ reason }).add();
  };
}

/** Called after each request with its host, its duration in milliseconds, and its status or `failed`. */
export type DownloadObserver = (host: string, durationMs: number, outcome: string) => void;

/** Records downloads by the class of their outcome, and calls the next observer too. */
export function meterDownloads(metrics: Metrics, next?: DownloadObserver): DownloadObserver {
  const durations = metrics.histogram(METRICS.downloadDurationMs);
  const byClass = new Map<string, Histogram>();
  for (const outcome of ['2xx', '3xx', '4xx', '5xx', 'failed', 'other'])
    byClass.set(outcome, durations.with({ outcome }));
  return (host, durationMs, outcome) => {
    byClass.get(classOf(outcome))!.observe(durationMs);
    next?.(host, durationMs, outcome);
  };
}

function classOf(outcome: string): string {
  if (outcome === 'failed') return outcome;
  return /^[2-5]\d\d$/.test(outcome) ? `${outcome[0]}xx` : 'other';
}

/** Reads the memory for bodies whenever metrics are scraped. */
export function sampleBodyMemory(metrics: Metrics, memory: Pick<BodyMemory, 'snapshot'>): void {
  metrics.gauge(METRICS.bodyMemoryHeldBytes).sample({}, () => memory.snapshot().heldBytes);
  metrics.gauge(METRICS.bodyMemoryWaiting).sample({}, () => memory.snapshot().waiting);
}

/** Reads who waits for a limit whenever metrics are scraped. */
export function sampleLimits(metrics: Metrics, limiter: Pick<Limiter, 'snapshot'>): void {
  metrics
    .gauge(METRICS.limitsWaiting)
    .sample({}, () => limiter.snapshot().reduce((waiting, key) => waiting + key.waiting, 0));
}

export interface StageGauges {
  readonly bus: Pick<Bus, 'depth'>;
  /** The stages of this process that take messages. */
  readonly stages: Readonly<Partial<Record<Receiver, { readonly inFlight: number }>>>;
  readonly leases: Pick<LeaseKeeper, 'oldestSinceMs'>;
  readonly solitude: Pick<Solitude, 'state'>;
  /** A monotonic time in milliseconds. */
  readonly now: () => number;
}

/** Reads the state of the stages whenever metrics are scraped; nothing is counted in between. */
export function sampleStages(metrics: Metrics, { bus, stages, leases, solitude, now }: StageGauges): void {
  const depth = metrics.gauge(METRICS.stageQueueDepth);
  const inFlight = metrics.gauge(METRICS.stageInFlight);
  for (const [stage, runner] of Object.entries(stages)) {
    depth.sample({ stage }, () => bus.depth(stage as Receiver));
    inFlight.sample({ stage }, () => runner.inFlight);
  }
  for (const state of ['waiting', 'alone'] as const) {
    metrics.gauge(METRICS.suspects).sample({ state }, () => (solitude.state === state ? 1 : 0));
  }
  metrics.gauge(METRICS.ptmProcessingAgeMs).sample({}, () => {
    const sinceMs = leases.oldestSinceMs();
    return sinceMs === undefined ? 0 : now() - sinceMs;
  });
}
