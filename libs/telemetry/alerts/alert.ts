/** Something that somebody should look at now. */

export type AlertGrade = 'warning' | 'critical';

export interface Alert {
  /**
   * What it is about, the same in every process and after every restart: two alerts with one key are about one trouble.
   */
  readonly key: string;
  /** `resolved` ends what was raised under the key. */
  readonly grade: AlertGrade | 'resolved';
  /** What kind of trouble it is, by which receivers sort: `breaker`, `run`, `consistency`. */
  readonly kind: string;
  /** One line, in words. */
  readonly summary: string;
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Figures and ids; never a secret. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Takes alerts; a call never fails and never waits. */
export interface AlertSink {
  raise(alert: Alert): void;
}

/** What receivers take of a key and of a summary. */
export const MAX_KEY_CHARS = 255;
export const MAX_SUMMARY_CHARS = 1_024;
