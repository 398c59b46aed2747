/** The process's environment: read here and nowhere else. */
import type { Settings } from './setting.ts';
import { isOurs, variableName } from './variable-name.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file. */
export const CONFIG_FILE_VARIABLE = 'CATENA_CONFIG';

/** Kills the process at a named point, for crash tests: `name` or `name:hit`. */
export const FAILPOINT_VARIABLE = 'CATENA_FAILPOINT';

/** A copy of the environment as the process was started with it. */
export function readEnvironment(): Environment {
  return { ...process.env };
}

/** A variable that sets a setting. */
export interface SettingVariable {
  readonly key: string;
  readonly name: string;
  readonly text: string;
  /** The text is the path of the file that holds the value. */
  readonly isFile: boolean;
}

/** Ends the name of a variable that names a file with the value, as secrets are mounted: `CATENA_STORE_URL_FILE`. */
const FILE_SUFFIX = '_FILE';

/** Variables that set a setting, and those with our prefix that set none. Empty ones count as not set. */
export function settingVariables(
  environment: Environment,
  settings: Settings,
): {
  readonly known: readonly SettingVariable[];
  readonly unknown: readonly string[];
} {
  const keyOf = new Map(Object.keys(settings).map((key) => [variableName(key), key]));
  const known: SettingVariable[] = [];
  const unknown: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!isOurs(name) || text === undefined || text === '') continue;
    const key = keyOf.get(name);
    const keyInFile = name.endsWith(FILE_SUFFIX) ? keyOf.get(name.slice(0, -FILE_SUFFIX.length)) : undefined;
    if (key !== undefined) known.push({ key, name, text, isFile: false });
    else if (keyInFile !== undefined) known.push({ key: keyInFile, name, text, isFile: true });
    else if (name !== CONFIG_FILE_VARIABLE && name !== FAILPOINT_VARIABLE && !isServiceLink(name, text)) {
      unknown.push(name);
    }
  }
  return { known, unknown };
}

/**
 * Whether Kubernetes or Docker set the variable: they describe the service `catena-ingress` to its neighbours in
 * `CATENA_INGRESS_SERVICE_HOST`, `CATENA_INGRESS_PORT` (a URL), `CATENA_INGRESS_PORT_4950_TCP_ADDR` and their like. A service
 * named after a setting is told apart by its value: no setting of ours is a URL of these protocols.
 */
function isServiceLink(name: string, text: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/.test(name)) return true;
  if (/_PORT_\d+_(?:TCP|UDP|SCTP)_(?:PROTO|PORT|ADDR)$/.test(name)) return true;
  return /_PORT(?:_\d+_(?:TCP|UDP|SCTP))?$/.test(name) && /^(?:tcp|udp|sctp):\/\//.test(text);
}
