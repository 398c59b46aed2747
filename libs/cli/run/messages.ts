import type { LoadedConfig } from '../../config/load-config.ts';
import { commandText } from '../../errors/command-text.ts';
import { createLog, type Log, type LogLevel } from '../../telemetry/log.ts';
import type { CliContext } from '../context.ts';
import { jsonReporter, plainReporter, type Reporter, terminalReporter } from '../status/reporter.ts';
import { paintFor } from '../terminal/io.ts';
import type { RunOptions } from './work.ts';

/** Reports the progress of a run: one line on a terminal, many lines elsewhere, JSON events with `--json`. */
export function reporterFor({ io, env }: CliContext, { json, output }: RunOptions): Reporter {
  // Standard output is for data only.
  if (json === true) return jsonReporter(output === '-' ? io.stderr : io.stdout);
  const paint = paintFor(io.stderr, env);
  return io.stderr.isTTY === true ? terminalReporter(io.stderr, paint) : plainReporter(io.stderr, paint);
}

/**
 * The log of a run, beside its status line. Unless the configuration sets another level, it prints only warnings and errors of the
 * engine, and what the code of the module logs or prints from `info` on.
 */
export function logFor(
  { config, origins, mode }: LoadedConfig,
  { io }: CliContext,
  reporter: Reporter,
  of: 'engine' | 'module' = 'engine',
): Log {
  const initial: LogLevel = of === 'module' ? 'info' : 'warn';
  const level: LogLevel = origins['log.level'] === 'default' ? initial : config.log.level;
  if (io.stderr.isTTY !== true) return createLog({ level, format: config.log.format, runtimeMode: mode });
  const stream = { isTTY: true, write: (line: string) => reporter.say(line.trimEnd()) };
  return createLog({ level, format: config.log.format, runtimeMode: mode, stream });
}

/** Command lines that can be copied into a shell. */

/** The same command, to be given again: without `--fresh`, which would start a new run, and without the token, a secret. */
export function sameCommand(invocation: string, args: readonly string[]): string {
  const kept = args.filter((arg) => arg !== '--fresh');
  return commandText(
    invocation,
    kept.map((arg, at) => (kept[at - 1] === '--token' ? 'TOKEN' : arg.replace(/^--token=.*$/, '--token=TOKEN'))),
  );
}

/** The options that a resumed run ignores, as messages. */
export function keptLimits({ deadline, costCap, maxPages, maxItems, maxDepth, maxBytes }: RunOptions): string[] {
  const given = { deadline, 'cost cap': costCap, 'cap on pages': maxPages, 'cap on items': maxItems };
  const all = Object.entries({ ...given, 'cap on depth': maxDepth, 'cap on bytes': maxBytes });
  return all.flatMap(([what, value]) =>
    value === undefined ? [] : [`it keeps the ${what} that it was started with, if any`],
  );
}
