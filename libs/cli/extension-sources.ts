/**
 * The options of a command line that name the files of extensions. Extensions add commands and settings, so these options are read
 * before the command line is parsed; by the same parser, so that a value is never taken for an option.
 */
import { Command } from 'commander';
import type { ConfigSources } from '../config/load-config.ts';
import type { CliContext } from './context.ts';
import { withConfig } from './program/options.ts';

const EXTENSION_FILES = 'extensions.files';

/** `known` are the commands without those of extensions. */
export function sourcesOfExtensions(
  { env, args }: Pick<CliContext, 'env' | 'args'>,
  known: readonly Command[],
): ConfigSources {
  const { config, set = [] } = optionsOf(args, known);
  const pair = set.findLast((text) => text.startsWith(`${EXTENSION_FILES}=`));
  return { env, file: config, overrides: { [EXTENSION_FILES]: pair?.slice(EXTENSION_FILES.length + 1) } };
}

interface Named {
  readonly config?: string;
  readonly set?: readonly string[];
}

function optionsOf(args: readonly string[], known: readonly Command[]): Named {
  const { command, rest } = commandOf(args, known);
  try {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    command.parseOptions([...rest]);
    return command.opts<Named>();
  } catch {
    // A wrong option is reported when the command line is parsed.
    return {};
  }
}

/** The command that is given, which may belong to another one, and what follows it. */
function commandOf(
  [name, ...rest]: readonly string[],
  known: readonly Command[],
): { readonly command: Command; readonly rest: readonly string[] } {
  const command = known.find((each) => each.name() === name) ?? commandOfExtension();
  return command.commands.length === 0 ? { command, rest } : commandOf(rest, command.commands);
}

/** Its own options are not known yet, and are skipped. */
function commandOfExtension(): Command {
  return withConfig(new Command()).allowUnknownOption();
}
