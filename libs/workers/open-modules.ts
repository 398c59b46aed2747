/** Opens the modules of a process: their files are loaded in workers, or in this thread for a debugger. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { inlineModule } from '../calls/inline-module.ts';
import type { ServedModule } from '../calls/served-module.ts';
import type { YieldLimits } from '../calls/yield-budget.ts';
import type { Config } from '../config/config-tree.ts';
import type { Environment } from '../config/environment.ts';
import { isOurs } from '../config/variable-name.ts';
import { realHref, type SettingsForFile } from '../modules/load/module-settings.ts';
import { type CallsInFlight, NO_CALLS } from '../telemetry/calls-in-flight.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { poolObserver, samplePool } from './meter-pool.ts';
import { pooledModules } from './pooled-module.ts';
import type { ModuleSource } from './protocol.ts';
import { WorkerPool } from './worker-pool.ts';

export interface OpenModulesOptions {
  readonly files: readonly string[];
  readonly settingsFor: SettingsForFile;
  readonly config: Pick<Config, 'execution' | 'downloader'> & YieldLimits;
  /** The environment of this process; modules do not see what configures Catena, nor secrets. */
  readonly env: Environment;
  readonly log: Log;
  readonly metrics?: Metrics;
}

export interface OpenedModules {
  readonly modules: readonly ServedModule[];
  readonly calls: () => CallsInFlight;
  /** Ends the workers; idempotent. */
  stop(): Promise<void>;
}

/** Rejects with the errors of loading: `module.…`. */
export async function openModules(options: OpenModulesOptions): Promise<OpenedModules> {
  const { files, config, log, env, metrics } = options;
  const { workers, callTimeoutMs, blockTimeoutMs, loadTimeoutMs, memoryMb } = config.execution;
  const { maxYieldsPerParse, maxYieldCharsPerParse, maxYieldsPerStart } = config;
  const limits: YieldLimits = { maxYieldsPerParse, maxYieldCharsPerParse, maxYieldsPerStart };
  if (files.length === 0) return { modules: [], calls: () => NO_CALLS, stop: async () => {} };
  if (workers === 0) return openInline(options, limits);
  const pool = await WorkerPool.open({
    size: workers ?? availableParallelism(),
    // The main thread has a core, too.
    usual: Math.max(1, availableParallelism() - 1),
    modules: files.map((file) => sourceOf(file, options)),
    ...{ limits, memoryMb, loadTimeoutMs, log },
    env: authorEnvironment(env, config.downloader.secrets ?? []),
    ...(metrics === undefined ? {} : { observer: poolObserver(metrics) }),
  });
  if (metrics !== undefined) samplePool(metrics, pool);
  return {
    modules: pooledModules(pool, { timeoutMs: callTimeoutMs, blockTimeoutMs }),
    calls: () => pool.inFlight(),
    stop: () => pool.stop(),
  };
}

async function openInline(
  { files, settingsFor, log }: OpenModulesOptions,
  limits: YieldLimits,
): Promise<OpenedModules> {
  log.warn(
    'execution.workers is 0: the code of modules runs in the main thread, and nothing bounds its time or memory',
  );
  // Imported only here: the main thread loads no page and no module.
  const { loadModule } = await import('../modules/load/load-module.ts');
  const modules = await Promise.all(files.map((file) => loadModule(file, settingsFor)));
  return {
    modules: modules.map((module) => inlineModule(module, limits)),
    calls: () => NO_CALLS,
    stop: async () => {},
  };
}

function sourceOf(file: string, { settingsFor }: OpenModulesOptions): ModuleSource {
  const path = resolve(file);
  return { file: path, settings: settingsFor(new URL(realHref(path))) };
}

/** Author code may read the environment, but neither settings of Catena (addresses, tokens) nor secrets that requests may name. */
export function authorEnvironment(env: Environment, secrets: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOurs(name) && !secrets.includes(name)));
}
