/**
 * How long work takes to go on after a fault: from the strike to the first reading in which the processes together count a
 * further commit of a kind that the fault held up. A fault that takes a server away is measured from the moment at which it
 * is gone, so its outage is part of the time; a reading is as fine as the sampling.
 */
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { Sampler } from './samples.ts';

/** Commits of requests (parses), of hops (generated requests and compute steps), or of either. */
export type Affected = 'request' | 'hop' | 'any';

export interface Recovery {
  /** Its kind. */
  readonly fault: string;
  readonly affected: Affected;
  readonly tookMs: number;
}

interface Waiting {
  readonly fault: string;
  readonly affected: Affected;
  readonly struckMs: number;
  readonly baseline: number;
}

export class RecoveryWatch {
  readonly recovered: Recovery[] = [];
  readonly #waiting = new Set<Waiting>();

  /** The reading must be younger than the strike. */
  begin(fault: string, affected: Affected, struckMs: number, sampler: Sampler): void {
    this.#waiting.add({ fault, affected, struckMs, baseline: commits(sampler, affected) });
  }

  /** After each reading. */
  observe(nowMs: number, sampler: Sampler): void {
    for (const waiting of this.#waiting) {
      const { fault, affected, struckMs, baseline } = waiting;
      if (commits(sampler, affected) <= baseline) continue;
      this.#waiting.delete(waiting);
      this.recovered.push({ fault, affected, tookMs: Math.round(nowMs - struckMs) });
    }
  }

  /** Faults after which nothing of the kind was committed. */
  get unrecovered(): readonly string[] {
    return [...this.#waiting].map(({ fault }) => fault);
  }
}

function commits(sampler: Sampler, affected: Affected): number {
  const requests = sampler.total(METRICS.parserSuccess);
  if (affected === 'request') return requests;
  const all = sampler.total(METRICS.ptmCommit, { result: 'COMMIT_OK' });
  return affected === 'any' ? all : all - requests;
}

/** The value below which this share of the list lies (nearest rank); 0 for an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
