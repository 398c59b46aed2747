/** The commands, their options and their help. What they do stands in `run/` and `commands/`. */
import { Command, Option } from 'commander';
import { checkModule } from './commands/check.ts';
import { showConfig } from './commands/config.ts';
import { testModule } from './commands/test.ts';
import type { CliContext, Done, SharedOptions } from './context.ts';
import { EXIT_CODE_MEANINGS } from './exit-codes.ts';
import { addControl } from './program/control.ts';
import { collect, formatOption, jsonOption, withConfig, withDebug, withLocation } from './program/options.ts';
import { addReading } from './program/reading.ts';
import { addServices } from './program/services.ts';
import { runModule } from './run/run-module.ts';
import { formatTable } from './terminal/format.ts';

/** The program; `done` is told the exit code of the command that ran. */
export function createProgram(context: CliContext, version: string, done: Done): Command {
  const program = new Command('catena')
    .description('Runs multi-step collection tasks and loses nothing: what was killed goes on where it was.')
    .version(version, '-V, --version')
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', () => `\nExit codes:\n${exitCodesText()}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.io.stdout.write(text),
      writeErr: (text) => context.io.stderr.write(text),
    });
  addRun(program, context, done);
  addReading(program, context, done);
  addControl(program, context, done);
  for (const extension of context.extensions) extension.commands?.(program, context, done);
  addServices(program, context, done);
  addModuleTools(program, context, done);
  return program;
}

export function exitCodesText(): string {
  return formatTable(
    EXIT_CODE_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
    '  ',
  );
}

function addRun(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('run')
    .argument('<file>', 'the module, a .ts or .js file')
    .description('run a module; given again, an unfinished run goes on and a finished one is reported')
    .option('-i, --input <k=v>', 'a field of the input, repeatable; JSON where the schema takes it, else text', collect)
    .option('--input-file <file>', 'the input as JSON or YAML; - is standard input')
    .option('-o, --output <file>', 'follow the items into a .jsonl or .csv file; - is standard output')
    .addOption(formatOption())
    .option('--items <type>', 'only items of this type')
    .option('--fresh', 'begin a new run; an unfinished one of the same work is cancelled')
    .option('--deadline <time>', 'end after this long, with what there is: 30s, 2m, 1h')
    .option('--cost-cap <amount>', 'the most that the run may cost, in the currency of its modules')
    .option('--rps <number>', 'requests per second and host; 0 is unlimited')
    .option('--concurrency <number>', 'requests under way at once, per host and in all')
    .option('--json', 'no status line: events as JSON lines on standard output (with -o -, on standard error)')
    .option('--record <folder>', 'keep every page with what was made of it, for `catena test`')
    .option('--account <name>', 'whom the run is for', 'default')
    .option('--platform <name>', 'what it is about', 'default')
    .addOption(new Option('--again <command>').hideHelp());
  withLocation(command).action(async (file, options) => done(await runModule(context, file, options)));
}

function addModuleTools(program: Command, context: CliContext, done: Done): void {
  withConfig(
    program.command('config').description('show every setting, its value and its origin').addOption(jsonOption()),
  )
    .option('--db <file>', 'the database; default: .catena/catena.db')
    .action(async (options) => done(await showConfig(context, options)));
  withDebug(
    program.command('check').argument('<file>', 'the module').description('check the types of a module, and load it'),
  ).action(async (file: string, options: SharedOptions) => done(await checkModule(context, file, options)));
  withDebug(
    program
      .command('test')
      .argument('<file>', 'the module')
      .description('parse recorded pages again, offline, and show what is different')
      .option('--pages <folder>', 'where `run --record` kept them; default: pages/ beside the module'),
  ).action(async (file, options) => done(await testModule(context, file, options)));
}
