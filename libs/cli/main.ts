import { CommanderError } from 'commander';
import type { ConfigSources } from '../config/load-config.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { CliContext } from './context.ts';
import { sourcesOfExtensions } from './effective-config.ts';
import { ExitCode } from './exit-codes.ts';
import { armNamedFailpoint } from './failpoint-variable.ts';
import { createProgram } from './program.ts';
import { paintFor } from './terminal/io.ts';
import { printError } from './terminal/print-error.ts';

/** The context of a command line before its extensions are loaded. */
export interface CommandLine extends Omit<CliContext, 'extensions' | 'startEngine'> {
  /** Loads the product's extensions and those that the sources name. Rejects with the error of a wrong one. */
  open(sources: ConfigSources): Promise<Pick<CliContext, 'extensions' | 'startEngine'>>;
}

/** Runs one command line and resolves with the exit code. Never rejects. */
export async function runCommandLine(given: CommandLine, version: string): Promise<number> {
  const { io, env, args } = given;
  let families: readonly string[] = [];
  let exitCode: number = ExitCode.DONE;
  try {
    armNamedFailpoint(env);
    const opened = await given.open(sourcesOfExtensions(given));
    families = opened.extensions.map(({ name }) => name);
    const program = createProgram({ ...given, ...opened }, version, (code) => {
      exitCode = code;
    });
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.DONE : ExitCode.BAD_INPUT;
    // A reader that closed the pipe (`| head`) is not a failure, and nobody would read a message.
    if (isClosedPipe(thrown) && args[0] !== 'run') return ExitCode.DONE;
    const style = { paint: paintFor(io.stderr, env), debug: args.includes('--debug'), json: args.includes('--json') };
    return printError(io, thrown, style, families);
  }
}

function isClosedPipe(thrown: unknown): boolean {
  return thrown instanceof CatenaError && thrown.code === 'output.closed';
}
