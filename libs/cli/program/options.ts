/** Options that several commands take. */
import { type Command, Option } from 'commander';

/** The help for an argument that names a run. */
export const RUN_ARGUMENT = 'the id of a run, the beginning of an id, or `last`';

/** For commands about runs in a file or at a server. */
export function withLocation(command: Command): Command {
  return withServerOptions(withConfig(command).option('--db <file>', 'the database; default: .catena/catena.db'));
}

/** For commands that need a server. */
export function withServerOptions(command: Command): Command {
  return command
    .option('--server <host:port>', 'use a server instead of a file; or set server.address')
    .option('--token <token>', 'authenticates at the server; better set server.token in the environment');
}

export function withConfig(command: Command): Command {
  return withDebug(command)
    .option('--config <file>', 'the configuration file; default: catena.yaml, if it exists')
    .option(
      '--set <key=value>',
      'a setting, repeatable; overrides the configuration, `catena config` lists all',
      collect,
    );
}

export function withDebug(command: Command): Command {
  return command.option('--debug', 'print debug logs, and stacks of errors');
}

export function jsonOption(): Option {
  return new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text');
}

function formatOption(): Option {
  return new Option('--format <format>', 'the format, if the file name does not show it').choices(['jsonl', 'csv']);
}

/** For commands that write items with `-o`. */
export function withOutput(command: Command): Command {
  return command
    .addOption(formatOption())
    .addOption(
      new Option('--csv <cells>', 'raw: write cells as they are, also those that a spreadsheet would execute').choices([
        'raw',
      ]),
    )
    .option('--append', 'write after what is in the file')
    .option('--overwrite', 'replace what is in the file');
}

export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}
