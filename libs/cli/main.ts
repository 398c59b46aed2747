import { CommanderError } from 'commander';
import { CatenaError } from '../errors/catena-error.ts';
import type { CliContext } from './context.ts';
import { ExitCode } from './exit-codes.ts';
import { armNamedFailpoint } from './failpoint-variable.ts';
import { createProgram } from './program.ts';
import { paintFor } from './terminal/io.ts';
import { printError } from './terminal/print-error.ts';

/** Runs one command line and answers the exit code. Never rejects. */
export async function runCommandLine(context: CliContext, version: string): Promise<number> {
  const { io, env, args } = context;
  let exitCode: number = ExitCode.DONE;
  try {
    armNamedFailpoint(env);
    const program = createProgram(context, version, (code) => {
      exitCode = code;
    });
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.DONE : ExitCode.BAD_INPUT;
    // A reader that has seen enough (`| head`) is no failure of ours, and there is nobody to tell.
    if (isClosedPipe(thrown) && args[0] !== 'run') return ExitCode.DONE;
    const style = { paint: paintFor(io.stderr, env), debug: args.includes('--debug'), json: args.includes('--json') };
    return printError(io, thrown, style);
  }
}

function isClosedPipe(thrown: unknown): boolean {
  return thrown instanceof CatenaError && thrown.code === 'output.closed';
}
