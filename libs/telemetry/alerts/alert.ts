/** Something that somebody should look at now. */

export type AlertGrade = 'warning' | 'critical';

export interface Alert {
  /**
   * The subject of the alert, the same in every process and after every restart: alerts with equal keys are about the same problem.
   */
  readonly key: string;
  /** `resolved` ends the alert with the same key. */
  readonly grade: AlertGrade | 'resolved';
  /** The kind of problem, by which receivers sort: `breaker`, `run`, `consistency`. */
  readonly kind: string;
  /** One line, in words. */
  readonly summary: string;
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Figures and ids; never a secret. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Accepts alerts; a call never fails and never waits. */
export interface AlertSink {
  raise(alert: Alert): void;
}

/** The longest key and summary that receivers accept. */
export const MAX_KEY_CHARS = 255;
export const MAX_SUMMARY_CHARS = 1_024;
