/** The tables of `docs/reference/cli.md`, of the program itself: its commands, their arguments and options, the exit codes. */
import type { Command } from 'commander';
import { EXIT_CODE_MEANINGS } from '../../../libs/cli/exit-codes.ts';
import { createProgram } from '../../../libs/cli/program.ts';
import { EXTENSIONS } from '../../../services/node/extensions.ts';
import { code, pageHead, table } from './markdown.ts';

const INTRODUCTION = `
\`catena COMMAND --help\` prints the same for the installed version. In a clone, without an installation:
\`npm run catena -- run …\` or \`node services/catena.ts run …\`. The guides show the commands in use:
[operating](../guides/operating.md) and [testing](../guides/testing.md).

[Extensions](../guides/extensions.md) add commands: \`diagnose\` and \`compare\` are those of the extension that ships with Catena.

Data goes to standard output or files, messages to standard error. \`<run>\` is a run's id, the unique beginning of an id, or
\`last\`. Commands that read open the database read-only, so they work during a run. Runs are in a database
file of this machine, or at the server that \`--server\` or the setting \`server.address\` names.
`;

/** The options that nearly every command has: told once. */
const EVERYWHERE = ['--debug', '--config', '--set', '--db', '--server', '--token'];

export function commandsPage(): string {
  const { commands } = describedProgram();
  // A command with commands of its own does nothing alone.
  const given = commands.flatMap((command) => (command.commands.length === 0 ? [command] : command.commands));
  const sorted = [...given].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return `${pageHead('The command line', 'the program in libs/cli and its extensions')}${INTRODUCTION}
## Commands

${table(
  ['command', 'does'],
  sorted.map((command) => [
    `[${code(nameOf(command))}](#catena-${nameOf(command).replaceAll(' ', '-')})`,
    command.description(),
  ]),
)}

## Exit codes

${table(
  ['code', 'meaning'],
  EXIT_CODE_MEANINGS.map(([exitCode, meaning]) => [String(exitCode), meaning]),
)}

Scripts may rely on them: they never change their meaning. A finished run that is asked for again answers the code with which
it ended. With [\`--json\`](../guides/operating.md#status-and-events) an error is a line of JSON with its [code](errors.md).

## Options that many commands take

${sharedOptions(sorted)}

${sorted.map(commandSection).join('\n')}`;
}

/** The program with nothing behind its commands: they are described, never run. */
function describedProgram(): Command {
  const context = { extensions: EXTENSIONS } as Parameters<typeof createProgram>[0];
  return createProgram(context, '0.0.0', () => undefined);
}

function sharedOptions(commands: readonly Command[]): string {
  const rows = EVERYWHERE.map((name) => {
    const takers = commands.filter((command) => command.options.some(({ long }) => long === name));
    const option = takers[0]?.options.find(({ long }) => long === name);
    if (option === undefined) throw new Error(`no command takes ${name}: it is not shared any more`);
    const differing = takers.filter((command) => descriptionOf(command, name) !== option.description);
    const rest = commands.filter((command) => !takers.includes(command)).map((command) => code(nameOf(command)));
    const except = [
      rest.length === 0 ? '' : ` Not of ${rest.join(', ')}.`,
      ...differing.map((command) => ` Of ${code(nameOf(command))}: ${descriptionOf(command, name)}.`),
    ];
    return [code(option.flags), `${option.description}.${except.join('')}`];
  });
  return table(['option', 'meaning'], rows);
}

function descriptionOf(command: Command, name: string): string | undefined {
  return command.options.find(({ long }) => long === name)?.description;
}

function commandSection(command: Command): string {
  const argumentRows = command.registeredArguments.map((argument) => [
    code(argument.required ? `<${argument.name()}>` : `[${argument.name()}${argument.variadic ? '...' : ''}]`),
    argument.description,
    '',
  ]);
  const own = command.options.filter(({ hidden, long }) => !hidden && !EVERYWHERE.includes(long ?? ''));
  const optionRows = own.map((option) => [
    code(option.flags),
    option.description + (option.argChoices === undefined ? '' : `: ${option.argChoices.map(code).join(' or ')}`),
    option.defaultValue === undefined ? '' : code(String(option.defaultValue)),
  ]);
  const shared = EVERYWHERE.filter((name) => command.options.some(({ long }) => long === name)).map(code);
  const rows = [...argumentRows, ...optionRows];
  return [
    `## catena ${nameOf(command)}`,
    `${sentence(command.description())}`,
    code(`catena ${nameOf(command)} ${command.usage()}`),
    ...(rows.length === 0 ? [] : [table(['argument or option', 'meaning', 'default'], rows)]),
    `Also ${shared.join(', ')}.\n`,
  ].join('\n\n');
}

/** With the command that it belongs to, as it is typed. */
function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent == null ? command.name() : `${nameOf(parent)} ${command.name()}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
