/** The command line's entry: everything but this file is loaded late, so that Node keeps what it compiled for the next start. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Runs a command line in this process and returns its exit code. `invocation` is the name of the program in hints. */
export async function main(args: readonly string[], invocation?: string): Promise<number> {
  keepCompiledCode();
  const commandLine = await import('./command-line.ts');
  return commandLine.main(args, invocation);
}

/**
 * Compiled code is code: nobody else may write it, so it stands in the user's own cache and not where Node would put it, in the folder
 * for temporary files. Where nothing can be written, nothing is kept.
 */
function keepCompiledCode(): void {
  const { env } = process;
  // Workers and other processes of this one find it by the variable.
  env.NODE_COMPILE_CACHE ??= join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'catena');
  enableCompileCache();
}

if (import.meta.main) {
  // process.exit would drop output that is still on its way to a pipe.
  process.exitCode = await main(process.argv.slice(2));
}
