/** The names of all spans that Catena creates; dashboards and searches rely on them. */
export const SPANS = {
  /** The root of a run's trace: from its acceptance until ingress received it. */
  submit: 'catena.submit',
  ingress: 'catena.ingress',
  'module-processor': 'catena.module-processor',
  downloader: 'catena.downloader',
  parser: 'catena.parser',
  'error-threshold': 'catena.error-threshold',
  /** A failed node of a run that is not sampled: only this span is kept. */
  failure: 'catena.failure',
} as const;

export type SpanName = (typeof SPANS)[keyof typeof SPANS];

/** The attribute with a failure's code. A span that starts with it is kept, whatever share of the runs is sampled. */
export const ERROR_CODE = 'error.type';
