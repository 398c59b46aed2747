/** What the parser reads of the configuration. */
export interface ParserConfig {
  /** Parses at once. */
  readonly parserConcurrency: number;
  /** A parse that yields more often than this is taken for one without an end. */
  readonly maxYieldsPerParse: number;
  readonly backpressureRetryDelayMs: number;
  /** Executions of a request, for steps that do not say otherwise. */
  readonly retry: { readonly attempts: number };
}
