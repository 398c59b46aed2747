/** The configuration that this process was told to run with: what a module reads that is given none. */
import { readEnvironment } from './environment.ts';
import { type LoadedConfig, loadConfig } from './load-config.ts';

let adopted: LoadedConfig | undefined;

/** From now on {@link adoptedConfig} answers this one: files and options that only the command line names are in it. */
export function adoptConfig(loaded: LoadedConfig): void {
  adopted = loaded;
}

/** The adopted configuration; in a process that adopted none, what the environment says. Throws `config.invalid`. */
export function adoptedConfig(): LoadedConfig {
  return adopted ?? loadConfig({ env: readEnvironment() });
}
