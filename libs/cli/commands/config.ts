/** `catena config`: prints the effective values with their origin, secrets redacted. */
import { describeConfig } from '../../config/describe-config.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { effectiveConfig } from '../effective-config.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { formatTable } from '../terminal/format.ts';

export interface ShowConfigOptions extends ConfigOptions {
  readonly output?: string;
}

export async function showConfig(context: CliContext, options: ShowConfigOptions): Promise<ExitCodeValue> {
  const loaded = effectiveConfig(context, options);
  const rows = describeConfig(loaded);
  const text =
    options.output === 'json'
      ? `${JSON.stringify({ mode: loaded.mode, settings: rows }, undefined, 2)}\n`
      : `mode ${loaded.mode}\n\n${formatTable([
          ['SETTING', 'VALUE', 'FROM', 'MEANING'],
          ...rows.map(({ key, value, origin, about }) => [key, value === '' ? '(not set)' : value, origin, about]),
        ])}`;
  context.io.stdout.write(text);
  return ExitCode.DONE;
}
