/** Options that several commands take. */
import { type Command, Option } from 'commander';

/** What an argument says that names a run. */
export const RUN_ARGUMENT = 'its id, the beginning of it, or `last`';

/** For what is about runs, wherever they are. */
export function withLocation(command: Command): Command {
  return withServerOptions(withConfig(command).option('--db <file>', 'the database; default: .catena/catena.db'));
}

/** For what only a server answers. */
export function withServerOptions(command: Command): Command {
  return command
    .option('--server <host:port>', 'runs of a server instead of a file; or the setting server.address')
    .option('--token <token>', 'what the server knows us by; better the setting server.token, in the environment');
}

export function withConfig(command: Command): Command {
  return withDebug(command)
    .option('--config <file>', 'the configuration; default: catena.yaml, if there is one')
    .option('--set <key=value>', 'a setting, repeatable; over the configuration, `catena config` lists them', collect);
}

export function withDebug(command: Command): Command {
  return command.option('--debug', 'say more: debug logs, and stacks of errors');
}

export function jsonOption(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
}

export function formatOption(): Option {
  return new Option('--format <format>', 'where the name does not say it').choices(['jsonl', 'csv']);
}

export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}
