/** The options of `catena dev` and `catena serve`, checked before anything is started. */
import { resolve } from 'node:path';
import { ModuleRegistry } from '../../calls/registry.ts';
import { CONFIG_FILE_VARIABLE, type Environment } from '../../config/environment.ts';
import type { LoadedConfig } from '../../config/load-config.ts';
import type { Settings } from '../../config/setting.ts';
import { allSettings } from '../../config/settings.ts';
import { variableName } from '../../config/variable-name.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { silentLog } from '../../telemetry/log.ts';
import { openModules } from '../../workers/open-modules.ts';
import type { CliContext, SharedOptions } from '../context.ts';
import { effectiveConfig, moduleSettings } from '../effective-config.ts';
import { parsePairs } from '../input/pairs.ts';

export interface ServiceOptions extends SharedOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly listen?: string;
  readonly api?: string;
  readonly db?: string;
}

export interface DevOptions extends ServiceOptions {
  readonly processes: string;
  readonly fresh?: boolean;
}

export interface PreparedDev {
  /** Absolute paths. */
  readonly modules: readonly string[];
  readonly moduleIds: readonly string[];
  readonly processes: number;
  readonly listen: string;
  /** Settings by name, as `--set` gave them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly allowsPrivateTargets: boolean;
  /** The configuration file that the services read. */
  readonly env: Readonly<Record<string, string>>;
}

const MAX_PROCESSES = 16;

/** Throws the error of a wrong option, configuration or module. */
export async function prepareDev(
  context: CliContext,
  files: readonly string[],
  options: DevOptions,
): Promise<PreparedDev> {
  const processes = Number(options.processes);
  if (!Number.isSafeInteger(processes) || processes < 1 || processes > MAX_PROCESSES) {
    throw new CatenaError('cli.bad_processes', `--processes is "${options.processes}"`, {
      remedy: `give the number of processes of each service, from 1 to ${MAX_PROCESSES}`,
    });
  }
  const given = { ...context, env: withoutDeployment(context.env) };
  const loaded = effectiveConfig(given, options, { 'grpc.listen': options.listen });
  const modules = modulePaths(files.length > 0 ? files : (loaded.config.modules.files ?? []));
  return {
    ...{ modules, processes },
    moduleIds: await idsOf(context, modules, loaded),
    listen: loaded.config.grpc.listen,
    settings: settingsGiven(options, loaded),
    allowsPrivateTargets: loaded.origins['http.deny_private_targets'] === 'default',
    env: configVariable(options),
  };
}

/** The ids of the modules, sorted. Rejects with the errors of loading them, before any service is started. */
async function idsOf(context: CliContext, files: readonly string[], loaded: LoadedConfig): Promise<readonly string[]> {
  const { config } = loaded;
  const settingsFor = moduleSettings(context, () => loaded);
  const opened = await openModules({ files, settingsFor, config, env: context.env, log: silentLog });
  await opened.stop();
  return new ModuleRegistry(opened.modules).ids();
}

/** The environment for a service in this process, overridden by the options. */
export function serviceEnvironment(
  { env, extensions }: Pick<CliContext, 'env' | 'extensions'>,
  files: readonly string[],
  options: ServiceOptions,
): Environment {
  const settings = {
    ...Object.fromEntries(parsePairs(options.set ?? [], '--set')),
    ...(files.length === 0 ? {} : { 'modules.files': modulePaths(files).join(',') }),
    ...(options.listen === undefined ? {} : { 'grpc.listen': options.listen }),
    ...(options.api === undefined ? {} : { 'api.listen': options.api }),
    ...(options.db === undefined ? {} : { 'store.path': options.db }),
    ...(options.debug === true ? { 'log.level': 'debug' } : {}),
  };
  const known = allSettings(extensions);
  return { ...env, ...configVariable(options), ...variables(settings, known) };
}

/** Servers that the environment names are ignored: `catena dev` uses its own. */
function withoutDeployment(env: Environment): Environment {
  const own = (['cache.redis', 'nats.url', 'store.url'] as const).map(variableName);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.includes(name)));
}

function settingsGiven({ set = [], debug }: DevOptions, { origins }: LoadedConfig): Record<string, string> {
  const isLogLevelGiven = origins['log.level'] !== 'default';
  return {
    ...(debug === true && !isLogLevelGiven ? { 'log.level': 'debug' } : {}),
    ...Object.fromEntries(parsePairs(set, '--set')),
  };
}

function configVariable({ config }: ServiceOptions): Record<string, string> {
  return config === undefined ? {} : { [CONFIG_FILE_VARIABLE]: resolve(config) };
}

function variables(settings: Readonly<Record<string, string>>, known: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, text]) => {
      if (Object.hasOwn(known, key)) return [variableName(key), text];
      throw new CatenaError('cli.unknown_setting', `there is no setting ${key}`, {
        remedy: '`catena config` lists the settings',
      });
    }),
  );
}

function modulePaths(files: readonly string[]): string[] {
  return files.map((file) => {
    if (!file.includes(',')) return resolve(file);
    throw new CatenaError('cli.bad_module_path', `the path ${file} contains a comma`, {
      remedy: 'rename it: modules.files separates paths by commas',
    });
  });
}
