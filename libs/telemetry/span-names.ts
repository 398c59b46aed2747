/** Every span that Catena makes, by what makes it; dashboards and searches rely on these names. */
export const SPANS = {
  /** The root of a run's trace: from its acceptance to the moment when ingress took it. */
  submit: 'catena.submit',
  ingress: 'catena.ingress',
  'module-processor': 'catena.module-processor',
  downloader: 'catena.downloader',
  parser: 'catena.parser',
  'error-threshold': 'catena.error-threshold',
  /** A failed node of a run that is not sampled: all that is kept of it. */
  failure: 'catena.failure',
} as const;

export type SpanName = (typeof SPANS)[keyof typeof SPANS];

/** The attribute of a failure's code. A span that begins with it is kept, whatever share of the runs is sampled. */
export const ERROR_CODE = 'error.type';
