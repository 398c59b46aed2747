/**
 * The sweeper acts on all due nodes and scopes. Any number of processes may run one, without a leader: it moves the due time of
 * what it takes forward and removes nothing, so another sweeper acts if it dies. An error is counted, and the loop continues.
 */
import type { Bus } from '../../bus/port.ts';
import { RecentMap } from '../../concurrency/recent-map.ts';
import { Rounds } from '../../concurrency/rounds.ts';
import { RecoverCode } from '../../coordination/protocol/claims.ts';
import type { NodeRef } from '../../coordination/protocol/node.ts';
import { EarlyOpenCode } from '../../coordination/protocol/phases.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { DueEntry } from '../../coordination/protocol/sweep.ts';
import type { Log } from '../../telemetry/log.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { isBackendFailure } from '../execution/backend-failure.ts';
import type { LeaseKeeper } from '../execution/lease.ts';
import type { Publisher } from '../messages/publisher.ts';
import { childMessages, toMessage } from '../messages/wake-ups.ts';
import type { Runs } from '../run/runs.ts';
import type { ChildrenPump } from './children-pump.ts';
import type { ShardPace } from './shard-pace.ts';
import type { WindowFiller } from './window-filler.ts';

export interface SweeperOptions {
  readonly coordinator: Coordinator;
  readonly bus: Pick<Bus, 'hasResponse'>;
  readonly publisher: Publisher;
  readonly runs: Runs;
  readonly leases: Pick<LeaseKeeper, 'holds'>;
  /** Creates the staged children of nodes whose committer died; the sweeper stops it. */
  readonly pump: ChildrenPump;
  /** Fills the windows of modules after commits; the sweeper stops it. */
  readonly filler: Pick<WindowFiller, 'stop'>;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly intervalMs: number;
  readonly crashBudget: number;
  /** Which shards to look at in a round. */
  readonly pace: ShardPace;
  /** When a shard has something due next, in milliseconds, if that can be told. */
  readonly nextDueInMs?: ((shard: number) => Promise<number | undefined>) | undefined;
  /** Records the end of a run and closes it. */
  readonly closeRun: (runId: string) => Promise<void>;
}

/** Nodes taken or drained per transition. */
const BATCH = 500;
/** Runs whose end is written to the store at the same time. */
const ENDS_AT_ONCE = 8;
const MAX_REPORTED = 1_000;
const SWEPT = ['ingress', 'downloader', 'error-threshold'] as const;

export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #errors;
  readonly #recovered;
  readonly #crashed;
  /** Runs whose failure has been logged; it is the same for all their nodes. A run that is dropped may be logged again. */
  readonly #reported = new RecentMap<string, true>(MAX_REPORTED);
  readonly #rounds: Rounds;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#rounds = new Rounds(() => this.#sweep(), options.intervalMs);
    this.#errors = options.metrics.counter(METRICS.sweeperError).with({});
    this.#crashed = options.metrics.counter(METRICS.deadLetters).with({ reason: 'crashed' });
    this.#recovered = options.metrics.counter(METRICS.ptmZombieRecover).with({});
  }

  start(): void {
    this.#rounds.start();
  }

  /** Stops; resolves when the current round has ended. Idempotent. */
  async stop(): Promise<void> {
    this.#options.pump.stop();
    this.#options.filler.stop();
    await this.#rounds.stop();
  }

  async #sweep(): Promise<void> {
    const { pace } = this.#options;
    for (const shard of pace.due()) {
      try {
        const found = await this.#sweepShard(shard);
        const nextInMs = found ? undefined : await this.#options.nextDueInMs?.(shard);
        pace.looked(shard, { found, nextInMs });
      } catch (error) {
        pace.failed(shard);
        this.#errors.add();
        this.#options.log.error('the sweeper could not sweep a shard; it retries', { shard, error });
      }
    }
  }

  /** Takes due entries, as many as the queues have room for, until nothing is due; returns whether there was any. */
  async #sweepShard(shard: number): Promise<boolean> {
    const { coordinator, publisher } = this.#options;
    let found = false;
    for (let more = true; more && !this.#rounds.isStopped; ) {
      // The room is reserved: concurrent commits would otherwise use the same room, and wake-ups would be lost.
      const grants = SWEPT.map((stage) => publisher.grant(stage, BATCH));
      try {
        const limit = Math.min(...grants.map(({ count }) => count));
        const taken = await coordinator.dueTake({ shard, limit });
        const [ends, others] = split(taken.entries);
        for (const entry of others) await this.attempt(entry);
        for (let at = 0; at < ends.length; at += ENDS_AT_ONCE) {
          await Promise.all(ends.slice(at, at + ENDS_AT_ONCE).map((entry) => this.attempt(entry)));
        }
        more = taken.more && limit === BATCH;
        found ||= taken.entries.length > 0 || taken.more;
      } finally {
        for (const grant of grants) grant.release();
      }
    }
    return found;
  }

  /**
   * Does what an entry asks for. A failure of one entry does not affect the others: a run whose module is not served here waits for a process that serves it.
   * Rejects only when a backend fails; that ends the round.
   */
  async attempt(entry: DueEntry): Promise<void> {
    try {
      await this.#act(entry);
    } catch (error) {
      if (isBackendFailure(error)) throw error;
      this.#errors.add();
      const runId = runIdOf(entry);
      if (this.#reported.get(runId)) return;
      this.#reported.set(runId, true);
      this.#options.log.error('the sweeper could not act on a run; its nodes stay due', { run_id: runId, error });
    }
  }

  async #act(entry: DueEntry): Promise<void> {
    const { coordinator, crashBudget, closeRun } = this.#options;
    switch (entry.kind) {
      case 'notify': {
        const run = await this.#options.runs.load(entry.wakeUp.node.runId);
        return this.#options.publisher.publish('sweeper', [toMessage(entry.wakeUp, run)]);
      }
      case 'recover': {
        // After a pause of this process its own leases look lost. They are renewed, unless another process was faster.
        if (this.#options.leases.holds(entry.node)) return;
        // A response that waits for a parser is not downloaded again, however long it waits.
        if (entry.isFetched && (await this.#hasResponse(entry.node))) return;
        const { code, died, wakeUps } = await coordinator.recoverZombie({ node: entry.node, crashBudget });
        // Other codes: the holder has renewed the lease, or another sweeper was faster.
        if (code === RecoverCode.RECOVERED && !entry.isFetched) this.#recovered.add();
        if (died) {
          this.#crashed.add();
          this.#options.log.error('the sweeper ended a node that lost too many leases', { node_id: entry.node.id });
        }
        return this.#notify(entry.node.runId, wakeUps);
      }
      case 'pump':
        return this.#options.pump.pump(entry.node);
      case 'drain':
        return this.#drain(entry);
      case 'deadline': {
        const { wakeUps } = await coordinator.phaseClose(entry);
        return this.#notify(entry.runId, wakeUps);
      }
      case 'early': {
        const { code, wakeUps } = await coordinator.earlyOpen(entry);
        if (code === EarlyOpenCode.OPENED) {
          this.#options.log.info('the later phases of a module opened early', {
            run_id: entry.runId,
            module_id: entry.moduleId,
          });
        }
        return this.#notify(entry.runId, wakeUps);
      }
      case 'settle':
        return closeRun(entry.runId);
    }
  }

  #hasResponse({ moduleId, id }: NodeRef): Promise<boolean> {
    return this.#options.bus.hasResponse({ moduleId, requestId: id });
  }

  async #drain(scope: { readonly runId: string; readonly moduleId: string; readonly phase: number }): Promise<void> {
    for (let more = true; more && !this.#rounds.isStopped; ) {
      const drained = await this.#options.coordinator.scopeDrain({ ...scope, limit: BATCH });
      more = drained.more;
      await this.#notify(scope.runId, drained.wakeUps);
    }
  }

  async #notify(runId: string, wakeUps: Parameters<typeof childMessages>[0]): Promise<void> {
    if (wakeUps.length === 0) return;
    const run = await this.#options.runs.load(runId);
    await this.#options.publisher.publish('sweeper', childMessages(wakeUps, run));
  }
}

/** The ends of runs, and what is done before them. */
function split(entries: readonly DueEntry[]): [ends: DueEntry[], others: DueEntry[]] {
  const [ends, others]: [DueEntry[], DueEntry[]] = [[], []];
  for (const entry of entries) (entry.kind === 'settle' ? ends : others).push(entry);
  return [ends, others];
}

function runIdOf(entry: DueEntry): string {
  switch (entry.kind) {
    case 'notify':
      return entry.wakeUp.node.runId;
    case 'recover':
    case 'pump':
      return entry.node.runId;
    default:
      return entry.runId;
  }
}
