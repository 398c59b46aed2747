/**
 * Reads the configuration once, at start: defaults, then the YAML file, then the environment, then the command line, each
 * over what came before. Whatever is wrong is reported at once.
 */
import { CatenaError } from '../errors/catena-error.ts';
import { readConfigFile } from './config-file.ts';
import type { ConfigProblem, Origin } from './config-problem.ts';
import { type Config, configTree } from './config-tree.ts';
import { contradictions } from './contradictions.ts';
import { CONFIG_FILE_VARIABLE, type Environment, settingVariables, variableName } from './environment.ts';
import { nearestName } from './nearest-name.ts';
import type { RawValue, Setting } from './setting.ts';
import { isSettingKey, SETTING_KEYS, SETTINGS, type SettingKey, type SettingValues } from './settings.ts';

/** Looked for in the working folder when no file is named. */
export const DEFAULT_CONFIG_FILE = 'catena.yaml';

export type RuntimeMode = 'single_node' | 'distributed';

export interface ConfigSources {
  /** {@link readEnvironment}, in tests a literal. */
  readonly env: Environment;
  /** The file that the command line names; it must exist. */
  readonly file?: string | undefined;
  /** Settings that the command line names, by dotted name. */
  readonly overrides?: Readonly<Record<string, RawValue | undefined>>;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly values: SettingValues;
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** Distributed as soon as `cache.redis` is set. */
  readonly mode: RuntimeMode;
}

interface Candidate {
  readonly name: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** Throws `config.invalid` (fatal) with every {@link ConfigProblem} in its message and in `data.problems`. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const key of SETTING_KEYS) {
    values[key] = SETTINGS[key].default;
    origins[key] = 'default';
  }
  const candidates = [
    ...fromFile(sources, problems),
    ...fromEnvironment(sources.env, problems),
    ...fromCommandLine(sources.overrides ?? {}),
  ];
  for (const { name, value, origin } of candidates) {
    if (!isSettingKey(name)) {
      problems.push(unknownName(name, origin, SETTING_KEYS));
      continue;
    }
    const setting: Setting<unknown> = SETTINGS[name];
    const parsed = setting.schema.safeParse(typeof value === 'string' ? setting.fromText(value) : value);
    if (parsed.success) {
      values[name] = parsed.data;
      origins[name] = origin;
    } else {
      problems.push(wrongValue(name, setting, value, origin));
    }
  }
  const mode = values['cache.redis'] === undefined ? 'single_node' : 'distributed';
  values['http.deny_private_targets'] ??= mode === 'distributed';
  const settled = Object.freeze(values) as SettingValues;
  const wrong = new Set(problems.map(({ key }) => key));
  problems.push(...contradictions(settled, origins as Readonly<Record<SettingKey, Origin>>, wrong));
  if (problems.length > 0) throw invalid(problems);
  return {
    config: configTree(settled),
    values: settled,
    origins: Object.freeze(origins) as Readonly<Record<SettingKey, Origin>>,
    mode,
  };
}

function fromFile({ env, file }: ConfigSources, problems: ConfigProblem[]): Candidate[] {
  const named = file ?? (env[CONFIG_FILE_VARIABLE] || undefined);
  const path = named ?? DEFAULT_CONFIG_FILE;
  const read = readConfigFile(path, named !== undefined);
  for (const fault of read?.faults ?? []) {
    problems.push({
      key: path,
      origin: path,
      problem: fault,
      remedy: 'correct the file, or name another one with --config',
    });
  }
  return (read?.entries ?? []).map(({ name, value, line, malformed }) => ({
    name,
    value: malformed === undefined ? value : new Malformed(malformed),
    origin: `${path} line ${line}`,
  }));
}

function fromEnvironment(env: Environment, problems: ConfigProblem[]): Candidate[] {
  const { known, unknown } = settingVariables(env);
  for (const name of unknown) problems.push(unknownName(name, 'environment', SETTING_KEYS.map(variableName)));
  return known.map(({ key, name, text }) => ({ name: key, value: text, origin: name }));
}

function fromCommandLine(overrides: Readonly<Record<string, RawValue | undefined>>): Candidate[] {
  return Object.entries(overrides)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value, origin: 'command line' }));
}

/** A value that YAML can express and no setting takes. */
class Malformed {
  readonly found: string;

  constructor(found: string) {
    this.found = found;
  }
}

function wrongValue(key: SettingKey, setting: Setting<unknown>, value: unknown, origin: Origin): ConfigProblem {
  const problem = `read ${shown(setting, value)}, expected ${setting.expected}`;
  const initial = setting.default === undefined ? '' : `, or leave it out for the default ${String(setting.default)}`;
  return { key, origin, problem, remedy: `set ${setting.expected}${initial}` };
}

function shown(setting: Setting<unknown>, value: unknown): string {
  if (value instanceof Malformed) return value.found;
  return JSON.stringify(setting.redacted?.(String(value)) ?? value) ?? String(value);
}

/** The value of an unknown name is not shown: it may be a secret that missed its setting. */
function unknownName(name: string, origin: Origin, names: readonly string[]): ConfigProblem {
  const nearest = nearestName(name, names);
  const remedy = nearest === undefined ? 'remove it; `catena config` lists the settings' : `did you mean ${nearest}?`;
  return { key: name, origin, problem: 'is no setting', remedy };
}

function invalid(problems: readonly ConfigProblem[]): CatenaError {
  const lines = problems.map(({ key, origin, problem, remedy }) => `  ${key} (${origin}): ${problem}; ${remedy}`);
  const count = problems.length === 1 ? 'an error' : `${problems.length} errors`;
  return new CatenaError('config.invalid', `the configuration has ${count}:\n${lines.join('\n')}`, {
    data: { problems },
    remedy: 'correct them and start again',
  });
}
