/** What the module-processor reads of the configuration. */
export interface ModuleProcessorConfig {
  /** A compute step, or a request generator, that yields more often than this is taken for one without an end. */
  readonly maxYieldsPerParse: number;
}
