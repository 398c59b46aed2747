/** The commands, their options and their help. `run/` and `commands/` implement them, and are loaded when one of them runs. */
import { Command, Option } from 'commander';
import type { CliContext, Done, SharedOptions } from './context.ts';
import { EXIT_CODE_MEANINGS } from './exit-codes.ts';
import { addCare } from './program/care.ts';
import { addControl } from './program/control.ts';
import { collect, jsonOption, withConfig, withDebug, withLocation, withOutput } from './program/options.ts';
import { addReading } from './program/reading.ts';
import { addServices } from './program/services.ts';
import { addTasks } from './program/tasks.ts';
import { formatTable } from './terminal/format.ts';

/** The program; it calls `done` with the exit code of the command that ran. */
export function createProgram(context: CliContext, version: string, done: Done): Command {
  const program = new Command('catena')
    .description('Runs multi-step collection tasks and loses nothing: a killed run resumes where it stopped.')
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
  addTasks(program, context, done);
  for (const extension of context.extensions) extension.commands?.(program, context, done);
  addServices(program, context, done);
  addCare(program, context, done);
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
  const command = withOutput(
    program
      .command('run')
      .argument('<file>', 'the module, a .ts or .js file')
      .description('run a module; the same command again resumes an unfinished run, and reports a finished one')
      .option(
        '-i, --input <k=v>',
        'a field of the input, repeatable; JSON if the schema accepts it, else text',
        collect,
      )
      .option('--input-file <file>', 'the input as JSON or YAML; - is standard input')
      .option('-o, --output <file>', 'write items to a .jsonl or .csv file as they come; - is standard output'),
  )
    .option('--items <type>', 'only items of this type')
    .option('--fresh', 'start a new run; an unfinished one of the same work is cancelled')
    .option('--deadline <time>', 'end the run after this time, with the items so far: 30s, 2m, 1h')
    .option('--cost-cap <amount>', 'the most that the run may cost, in the currency of its modules')
    .option('--max-pages <number>', 'make at most so many requests; then the run ends well')
    .option('--max-items <number>', 'store at most so many items; then the run ends well')
    .option('--max-depth <number>', 'follow hops over at most so many pages; 0 are the pages that the start yields')
    .option(
      '--max-bytes <size>',
      'download at most so much, and what is under way: 500kB, 20MB; then the run ends well',
    )
    .option('--rps <number>', 'requests per second and host; 0 is unlimited')
    .option('--concurrency <number>', 'concurrent requests, per host and in total')
    .option('--json', 'no status line: events as JSON lines on standard output (with -o -, on standard error)')
    .option('--record <folder>', 'record every page with its items and hops, for `catena test`')
    .option(
      '--expect-items <number>',
      'end with code 3 if there are fewer items; product=100 for one type, repeatable',
      collect,
    )
    .option(
      '--max-empty <share>',
      'end with code 3 if a step yields nothing for more of its pages: 0.1, list=0, repeatable',
      collect,
    )
    .option('--account <name>', 'the account that the run is for', 'default')
    .option('--platform <name>', 'the platform that the run is about', 'default')
    .option(
      '--task <name>',
      'the task of the account that the run belongs to: thresholds and marks act over all its runs',
    )
    .addOption(new Option('--again <command>').hideHelp());
  withLocation(command).action(async (file, options) => {
    const { runModule } = await import('./run/run-module.ts');
    done(await runModule(context, file, options));
  });
}

function addModuleTools(program: Command, context: CliContext, done: Done): void {
  withConfig(
    program.command('config').description('show every setting, its value and its origin').addOption(jsonOption()),
  )
    .option('--db <file>', 'the database; default: .catena/catena.db')
    .action(async (options) => {
      const { showConfig } = await import('./commands/config.ts');
      done(await showConfig(context, options));
    });
  withDebug(
    program.command('check').argument('<file>', 'the module').description('check the types of a module and load it'),
  ).action(async (file: string, options: SharedOptions) => {
    const { checkModule } = await import('./commands/check.ts');
    done(await checkModule(context, file, options));
  });
  withDebug(
    program
      .command('test')
      .argument('<file>', 'the module')
      .description('parse recorded pages again, offline, and show the differences')
      .option('--pages <folder>', 'the folder of `run --record`; default: pages/ beside the module'),
  ).action(async (file, options) => {
    const { testModule } = await import('./commands/test.ts');
    done(await testModule(context, file, options));
  });
}
