/**
 * Notices that the coordinator has lost writes, and has all open runs audited. Each second one process raises a marker in the
 * coordinator, then in the store. If the coordinator's is behind, it has gone back to an earlier state: the incarnation is raised. If
 * only the primaries are others, which a plain restart causes too, nothing is proved: writes since the last marker may be lost. Both
 * lead to an audit, which one process makes under a lease; any number may watch, and any may die.
 */
import { Rounds } from '../../concurrency/rounds.ts';
import type { Log } from '../../telemetry/log.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { AuditResult } from './audit-runs.ts';

/** The markers as the coordinator has them. */
export interface CoordinatorMarkers {
  read(): Promise<{ readonly lowest: number; readonly highest: number }>;
  raise(marker: number): Promise<void>;
  /** Identifies the servers that hold them. */
  primaries(): Promise<string>;
}

/** What the store knows; `libs/store/postgres/incarnation.ts` documents each. */
export interface LossLedger {
  takeMarkerTurn(intervalMs: number): Promise<{
    readonly incarnation: number;
    readonly marker: number;
    readonly primaries: string;
    readonly isTurn: boolean;
    readonly wantsAudit: boolean;
  }>;
  raiseIncarnation(): Promise<number>;
  confirmMarker(marker: number, primaries: string): Promise<void>;
  wantAudit(primaries: { readonly before: string; readonly now: string }): Promise<void>;
  takeAudit(leaseMs: number, own?: number): Promise<number | undefined>;
  endAudit(taken: number): Promise<void>;
  leaveAudit(): Promise<void>;
}

/** The incarnation as this process knows it; part of each token that it makes from then on. */
export interface KnownIncarnation {
  value: number;
}

export interface LossWatchOptions {
  readonly markers: CoordinatorMarkers;
  readonly ledger: LossLedger;
  readonly incarnation: KnownIncarnation;
  readonly audit: (signal: AbortSignal) => Promise<AuditResult>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Default 1 s. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1_000;
const AUDIT_LEASE_MS = 10_000;
const KEEP_MS = 3_000;

export class LossWatch {
  readonly #options: LossWatchOptions;
  readonly #intervalMs: number;
  readonly #rounds: Rounds;
  readonly #stopping = new AbortController();
  #auditing: Promise<void> | undefined;
  #isFailing = false;

  constructor(options: LossWatchOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
    this.#rounds = new Rounds(() => this.#look(), this.#intervalMs);
  }

  /** Idempotent; does nothing once stopped. */
  start(): void {
    this.#rounds.start();
  }

  /** Ends an audit of this process, which another one makes again. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#rounds.stop();
    await this.#auditing;
  }

  async #look(): Promise<void> {
    const { ledger, incarnation, log } = this.#options;
    try {
      const turn = await ledger.takeMarkerTurn(this.#intervalMs);
      incarnation.value = Math.max(incarnation.value, turn.incarnation);
      if (turn.isTurn) await this.#mark(turn);
      if (turn.wantsAudit) this.#auditing ??= this.#audit().finally(() => (this.#auditing = undefined));
      this.#isFailing = false;
    } catch (error) {
      // Said once per outage. No marker is raised meanwhile, and none is compared.
      if (!this.#isFailing) log.warn('the loss watch could not compare its marker; it retries', { error });
      this.#isFailing = true;
    }
  }

  async #mark({ marker, primaries }: { readonly marker: number; readonly primaries: string }): Promise<void> {
    const { markers, ledger, incarnation, log, metrics } = this.#options;
    const now = await markers.primaries();
    const { lowest, highest } = await markers.read();
    if (lowest < marker) {
      // Before the marker is raised again: a process that dies in between leaves the evidence.
      incarnation.value = await ledger.raiseIncarnation();
      metrics.counter(METRICS.stateLost).with({}).add();
      log.error('the coordinator has lost writes; all open runs are audited', {
        incarnation: incarnation.value,
        marker: lowest,
        expected_marker: marker,
      });
    } else if (primaries !== '' && primaries !== now) {
      await ledger.wantAudit({ before: primaries, now });
      log.warn('the coordinator has another primary, or was restarted; all open runs are audited');
    }
    const next = Math.max(marker, highest) + 1;
    await markers.raise(next);
    await ledger.confirmMarker(next, now);
  }

  async #audit(): Promise<void> {
    const { ledger, log, metrics, audit } = this.#options;
    let taken: number | undefined;
    try {
      taken = await ledger.takeAudit(AUDIT_LEASE_MS);
      if (taken === undefined) return;
      const own = taken;
      const keeping = setInterval(() => {
        ledger
          .takeAudit(AUDIT_LEASE_MS, own)
          .catch((error: unknown) => log.warn('the audit could not extend its lease; another may begin', { error }));
      }, KEEP_MS);
      try {
        const { runs, nodes, ...found } = await audit(this.#stopping.signal);
        await ledger.endAudit(own);
        metrics.counter(METRICS.audits).with({}).add();
        const repairs = metrics.counter(METRICS.auditRepairs);
        for (const [what, count] of Object.entries(found)) repairs.with({ what }).add(count);
        log.info('the audit of all open runs has ended', { runs, nodes, ...found });
      } finally {
        clearInterval(keeping);
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) log.warn('the audit could not be ended; it is made again', { error });
      // Otherwise it is made again when the lease has run out.
      if (taken !== undefined) await ledger.leaveAudit().catch(() => undefined);
    }
  }
}
