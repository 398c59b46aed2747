/** The command line in its process: streams and signals, the engine of single-node mode, and the commands over both. */
import { basename, extname, join, relative } from 'node:path';
import { runCommandLine } from '../libs/cli/main.ts';
import { systemClock } from '../libs/clock/clock.ts';
import { readEnvironment } from '../libs/config/environment.ts';
import { packageVersion } from '../libs/telemetry/package-version.ts';
import { openExtensions } from './node/extensions.ts';

/** Runs a command line in this process and returns its exit code. `invocation` is the name of the program in hints. */
export async function main(args: readonly string[], invocation = invocationOf(process.argv[1] ?? '')): Promise<number> {
  return runCommandLine(
    {
      io: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
      env: readEnvironment(),
      clock: systemClock,
      open: async (sources) => {
        const extensions = await openExtensions(sources);
        return {
          extensions,
          loadEngine: async () => {
            const [{ startSingleNode }, { Metrics }, { startWatchdog }] = await Promise.all([
              import('./node/single.ts'),
              import('../libs/telemetry/metrics.ts'),
              import('../libs/telemetry/watchdog/watchdog.ts'),
            ]);
            return (options) => {
              const { level, format } = options.config.log;
              const metrics = new Metrics();
              startWatchdog({ log: { level, format, runtimeMode: 'single_node' }, metrics });
              return startSingleNode({ ...options, extensions, metrics });
            };
          },
        };
      },
      serve: async (env) => {
        // Imported late: the server clients are slow to load.
        const [{ runProcess }, { STAGE_NAMES }] = await Promise.all([
          import('./node/process.ts'),
          import('./stages.ts'),
        ]);
        return runProcess(STAGE_NAMES, env);
      },
      // Imported late, too.
      examine: async (loaded) => (await import('./node/doctor.ts')).examineDeployment(loaded),
      recover: async (loaded, options) => (await import('./node/recover.ts')).recoverDeployment(loaded, options),
      migrate: async (loaded) => (await import('./node/recover.ts')).migrateStore(loaded),
      // The file beside this one with the same ending: the source, or its build output.
      serviceProgram: (service) => [join(import.meta.dirname, service, `main${extname(import.meta.filename)}`)],
      invocation,
      args,
      onSignal: listenForSignals,
      exitNow: (code) => process.exit(code),
    },
    packageVersion(),
  );
}

function listenForSignals(listener: () => void, more: readonly NodeJS.Signals[] = []): () => void {
  const signals = ['SIGINT', 'SIGTERM', ...more];
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/** How a user would type the command again: by npm's script, the path of the source, or the name of the installed program. */
function invocationOf(script: string): string {
  if (basename(script) !== 'catena.ts') return 'catena';
  if (readEnvironment().npm_lifecycle_event === 'catena') return 'npm run catena --';
  const path = relative(process.cwd(), script);
  return `node ${path.includes(' ') ? `'${path}'` : path}`;
}
