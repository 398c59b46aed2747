/**
 * Reads the configuration once, at start: defaults, then the YAML file, then the environment, then the command line; each
 * overrides the ones before. All problems are reported at once.
 */
import { readFileSync } from 'node:fs';
import { CatenaError } from '../errors/catena-error.ts';
import { readConfigFile } from './config-file.ts';
import { type ConfigProblem, nearestName, type Origin } from './config-problem.ts';
import { type Config, configTree } from './config-tree.ts';
import { contradictions } from './contradictions.ts';
import { CONFIG_FILE_VARIABLE, type Environment, settingVariables } from './environment.ts';
import type { RawValue, Setting, Settings, SettingsOwner, ValuesOf } from './setting.ts';
import { allSettings, SETTINGS, type SettingKey, type SettingValues } from './settings.ts';
import { variableName } from './variable-name.ts';

/** The file that is read from the working folder if none is named. */
export const DEFAULT_CONFIG_FILE = 'catena.yaml';

export type RuntimeMode = 'single_node' | 'distributed';

export interface ConfigSources {
  /** {@link readEnvironment}, in tests a literal. */
  readonly env: Environment;
  /** The file that the command line names; it must exist. */
  readonly file?: string | undefined;
  /** Settings of the command line, by dotted name. */
  readonly overrides?: Readonly<Record<string, RawValue | undefined>>;
  /** The extensions whose settings are known besides those of Catena; default: none. */
  readonly extensions?: readonly SettingsOwner[];
  /** Whether private addresses are refused unless a source says otherwise: for processes that take work from others. */
  readonly deniesPrivateTargets?: boolean;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Including the settings of extensions. */
  readonly values: SettingValues & Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<SettingKey, Origin>> & Readonly<Record<string, Origin>>;
  /** Every setting, in the order in which they are listed. */
  readonly settings: Settings;
  /** Distributed if `cache.redis` is set. */
  readonly mode: RuntimeMode;
}

interface Candidate {
  readonly name: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** Throws `config.invalid` (fatal) with every {@link ConfigProblem} in its message and in `data.problems`. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const settings = allSettings(sources.extensions ?? []);
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const [key, setting] of Object.entries(settings)) {
    values[key] = setting.default;
    origins[key] = 'default';
  }
  for (const { name, value, origin } of candidatesIn(sources, settings, problems)) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (setting === undefined) {
      problems.push(unknownName(name, origin, Object.keys(settings)));
      continue;
    }
    const parsed = parse(setting, value);
    if (parsed.success) {
      values[name] = parsed.data;
      origins[name] = origin;
    } else {
      problems.push(wrongValue(name, setting, value, origin));
    }
  }
  const mode = values['cache.redis'] === undefined ? 'single_node' : 'distributed';
  values['http.deny_private_targets'] ??= mode === 'distributed' || sources.deniesPrivateTargets === true;
  const frozen = Object.freeze(values) as LoadedConfig['values'];
  const from = Object.freeze(origins) as LoadedConfig['origins'];
  const wrong = new Set(problems.map(({ key }) => key));
  problems.push(...contradictions(frozen, from, wrong));
  if (problems.length > 0) throw invalid(problems);
  return { config: configTree(frozen), values: frozen, origins: from, settings, mode };
}

/** Selects the values of some settings. */
export function valuesOf<S extends Settings>(settings: S, { values }: Pick<LoadedConfig, 'values'>): ValuesOf<S> {
  const own = Object.keys(settings).map((name) => [name, values[name]]);
  return Object.freeze(Object.fromEntries(own)) as ValuesOf<S>;
}

const EXTENSION_FILES = 'extensions.files';

/**
 * The files of extensions that the sources name. Call it before {@link loadConfig}, which must know the settings of
 * extensions and reports all problems of the sources. Never throws.
 */
export function extensionFiles(sources: ConfigSources): readonly string[] {
  const named = candidatesIn(sources, SETTINGS, []).findLast(({ name }) => name === EXTENSION_FILES);
  return named === undefined ? [] : (parse(SETTINGS[EXTENSION_FILES], named.value).data ?? []);
}

/** The values of the sources; later ones override earlier ones. */
function candidatesIn(sources: ConfigSources, settings: Settings, problems: ConfigProblem[]): Candidate[] {
  return [
    ...fromFile(sources, problems),
    ...fromEnvironment(sources.env, settings, problems),
    ...fromCommandLine(sources.overrides ?? {}),
  ];
}

function parse<Value>(setting: Setting<Value>, value: unknown) {
  return setting.schema.safeParse(typeof value === 'string' ? setting.fromText(value) : value);
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

function fromEnvironment(env: Environment, settings: Settings, problems: ConfigProblem[]): Candidate[] {
  const { known, unknown } = settingVariables(env, settings);
  const variables = Object.keys(settings).map(variableName);
  for (const name of unknown) problems.push(unknownName(name, 'environment', variables));
  const candidates: Candidate[] = [];
  for (const { key, name, text, isFile } of known) {
    const other = known.find((each) => each.key === key && each.isFile !== isFile);
    if (isFile && other !== undefined) {
      const problem = `and ${other.name} both set ${key}`;
      problems.push({ key: name, origin: 'environment', problem, remedy: 'remove one of them' });
    }
    const value = isFile ? valueIn(text, name, problems) : text;
    if (value !== undefined) candidates.push({ name: key, value, origin: name });
  }
  return candidates;
}

/** The value of a setting that stands in a file of its own, without the line end that editors and `echo` add. */
function valueIn(path: string, variable: string, problems: ConfigProblem[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (thrown) {
    const problem = `names the file ${path}, which cannot be read: ${(thrown as NodeJS.ErrnoException).code}`;
    const remedy = 'name a file that this process may read, with the value in it';
    problems.push({ key: variable, origin: 'environment', problem, remedy });
    return undefined;
  }
}

function fromCommandLine(overrides: Readonly<Record<string, RawValue | undefined>>): Candidate[] {
  return Object.entries(overrides)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value, origin: 'command line' }));
}

/** A value that YAML can express but no setting accepts. */
class Malformed {
  readonly found: string;

  constructor(found: string) {
    this.found = found;
  }
}

function wrongValue(key: string, setting: Setting<unknown>, value: unknown, origin: Origin): ConfigProblem {
  const problem = `read ${shown(setting, value)}, expected ${setting.expected}`;
  const initial = setting.default === undefined ? '' : `, or remove it for the default ${String(setting.default)}`;
  return { key, origin, problem, remedy: `set ${setting.expected}${initial}` };
}

function shown(setting: Setting<unknown>, value: unknown): string {
  if (value instanceof Malformed) return value.found;
  return JSON.stringify(setting.redacted?.(String(value)) ?? value) ?? String(value);
}

/** The value of an unknown name is not shown: it may be a secret with a mistyped name. */
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
