import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Command, CommanderError } from 'commander';
import type { ConfigSources } from '../config/load-config.ts';
import type { CliContext } from './context.ts';
import { ExitCode } from './exit-codes.ts';
import { sourcesOfExtensions } from './extension-sources.ts';
import { armNamedFailpoint } from './failpoint-variable.ts';
import { isClosedOutput } from './output/output-error.ts';
import { createProgram } from './program.ts';
import { paintFor } from './terminal/io.ts';
import { printError } from './terminal/print-error.ts';
import { StdoutReader } from './terminal/stdout-reader.ts';

/** The context of a command line before its extensions are loaded. */
export interface CommandLine extends Omit<CliContext, 'extensions' | 'loadEngine' | 'reader'> {
  /** Loads the product's extensions and those that the sources name. Rejects with the error of a wrong one. */
  open(sources: ConfigSources): Promise<Pick<CliContext, 'extensions' | 'loadEngine'>>;
}

/** Runs one command line and resolves with the exit code. Never rejects. */
export async function runCommandLine(given: CommandLine, version: string): Promise<number> {
  const { io, env, args } = given;
  let families: readonly string[] = [];
  let exitCode: number = ExitCode.DONE;
  const reader = new StdoutReader(io.stdout);
  // Messages that nobody reads do not matter; the work goes on.
  io.stderr.on('error', () => {});
  try {
    armNamedFailpoint(env);
    const opened = await given.open(sourcesOfExtensions(given, commandsWithoutExtensions(given, version, reader)));
    families = opened.extensions.map(({ name }) => name);
    const program = createProgram({ ...given, ...opened, reader }, version, (code) => {
      exitCode = code;
    });
    if (args.length === 0) program.help({ error: true });
    const command = program.parseAsync([...args], { from: 'user' });
    // What was written last is reported as lost a moment later.
    const lost = await Promise.race([command.then(() => nextTurn()), reader.lost]);
    if (lost !== undefined) throw lost;
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.DONE : ExitCode.BAD_INPUT;
    if (isClosedOutput(thrown)) {
      // What the command still reads or writes would be for nobody.
      given.exitNow(ExitCode.DONE);
      return ExitCode.DONE;
    }
    const style = { paint: paintFor(io.stderr, env), debug: args.includes('--debug'), json: args.includes('--json') };
    return printError(io, thrown, style, families);
  }
}

/** Only their options are read: none of them is given. */
function commandsWithoutExtensions(given: CommandLine, version: string, reader: StdoutReader): readonly Command[] {
  const loadEngine = (): never => {
    throw new Error('a command was given before the extensions were loaded');
  };
  return createProgram({ ...given, extensions: [], loadEngine, reader }, version, () => {}).commands;
}
