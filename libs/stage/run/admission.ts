import type { Clock } from '../../clock/clock.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Store } from '../../store/port.ts';
import type { BackendHealth } from '../../telemetry/health.ts';

export interface AdmissionDeps {
  readonly store: Pick<Store, 'countRuns'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Runs that may wait to be opened, over all processes. */
  readonly mostWaiting: number;
  /** The backends as they were when they were checked last; default: none can be full. */
  readonly backends?: () => readonly BackendHealth[];
}

/** A count is used for so long; other processes accept runs meanwhile, so more than the bound may wait, by that many. */
const COUNT_AGE_MS = 1_000;
const RETRY_AFTER_MS = 5_000;

/** Refuses runs that would only pile up: they are refused before they are stored, and may be submitted again later. */
export class Admission {
  readonly #deps: AdmissionDeps;
  #counted = { waiting: 0, atMs: Number.NEGATIVE_INFINITY };

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /** Throws `submit.backend_full` or `submit.too_many_waiting` (both retryable, with the time after which to try again). */
  async require(): Promise<void> {
    const { backends = () => [], mostWaiting } = this.#deps;
    const full = backends().find(({ code }) => code === 'coordinator.full');
    if (full !== undefined) {
      throw new CatenaError('submit.backend_full', `no run is accepted now: ${full.backend}: ${full.reason}`, {
        class: 'retryable',
        retryAfterMs: RETRY_AFTER_MS,
        data: { backend: full.backend },
        remedy: 'submit it again later; give Redis more memory, or let runs end',
      });
    }
    if ((await this.#waiting()) < mostWaiting) return;
    throw new CatenaError('submit.too_many_waiting', `no run is accepted now: ${mostWaiting} runs wait to be opened`, {
      class: 'retryable',
      retryAfterMs: RETRY_AFTER_MS,
      data: { waiting: mostWaiting },
      remedy: 'submit it again later; start more processes, or raise max_waiting_runs',
    });
  }

  async #waiting(): Promise<number> {
    const { store, clock, mostWaiting } = this.#deps;
    const nowMs = clock.now();
    const before = this.#counted;
    if (nowMs - before.atMs >= COUNT_AGE_MS) {
      this.#counted = { waiting: await store.countRuns('accepted', mostWaiting), atMs: nowMs };
    } else {
      this.#counted = { ...before, waiting: before.waiting + 1 };
    }
    return this.#counted.waiting;
  }
}
