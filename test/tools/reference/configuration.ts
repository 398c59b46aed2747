/** `docs/reference/configuration.md`, of the settings as they are defined. */
import { CONFIG_FILE_VARIABLE, FAILPOINT_VARIABLE } from '../../../libs/config/environment.ts';
import { DEFAULT_CONFIG_FILE } from '../../../libs/config/load-config.ts';
import type { Setting } from '../../../libs/config/setting.ts';
import { allSettings } from '../../../libs/config/settings.ts';
import { variableName } from '../../../libs/config/variable-name.ts';
import { EXTENSIONS } from '../../../services/node/extensions.ts';
import { code, pageHead, table } from './markdown.ts';

const INTRODUCTION = `
Every setting, with its environment variable, its valid values and its default. The configuration is read once, when a process
starts: defaults, then the file, then the environment, then the command line; each overrides the ones before. All problems are
reported at once. \`catena config\` shows each value and its origin.

- **File**: YAML, \`${DEFAULT_CONFIG_FILE}\` in the working folder, or the one that \`--config\` or \`${CONFIG_FILE_VARIABLE}\` names. The key is the
  name below, nested or with dots:

  \`\`\`yaml
  retry:
    attempts: 5
  limits.requests_per_second: 2
  \`\`\`
- **Environment**: the variable below. An empty one counts as not set; one that begins with \`CATENA_\` and names no setting is
  an error. With \`_FILE\` at its end it names a file that holds the value, as secrets are mounted: \`CATENA_STORE_URL_FILE\`. \`${FAILPOINT_VARIABLE}\` is not a setting: it kills the process at a named point, for crash tests.
- **Command line**: \`--set retry.attempts=5\`, for the commands that read the configuration.

If \`cache.redis\` is set, a process is part of a distributed deployment; without it everything runs in one process.
An [extension](../guides/extensions.md) that \`extensions.files\` names may add settings under its own name; those of the extensions
that ship with Catena are listed here. A value that may be a secret is never shown, neither by \`catena config\` nor in an error.
`;

export function configurationPage(): string {
  const settings = allSettings(EXTENSIONS);
  const groups = new Map<string, string[]>();
  for (const key of Object.keys(settings).sort(ungroupedFirst)) {
    const group = groupOf(key);
    groups.set(group, [...(groups.get(group) ?? []), key]);
  }
  const sections = [...groups].map(([group, keys]) => {
    const heading = group === '' ? '## Without a group' : `## ${code(group)}`;
    return `${heading}\n\n${table(
      ['setting', 'variable', 'takes', 'default', 'meaning'],
      keys.map((key) => rowOf(key, settings[key]!)),
    )}\n`;
  });
  return `${pageHead('Configuration', 'libs/config/settings.ts and the extensions')}${INTRODUCTION}\n${sections.join('\n')}`;
}

function groupOf(key: string): string {
  return key.includes('.') ? key.split('.')[0]! : '';
}

function ungroupedFirst(a: string, b: string): number {
  const [left, right] = [`${groupOf(a)} ${a}`, `${groupOf(b)} ${b}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

function rowOf(key: string, setting: Setting<unknown>): readonly string[] {
  const about = setting.redacted === undefined ? setting.about : `${setting.about} May hold a secret.`;
  return [code(key), code(variableName(key)), setting.expected, defaultOf(setting), about];
}

function defaultOf({ default: initial }: Setting<unknown>): string {
  return initial === undefined ? 'not set' : code(String(initial));
}
