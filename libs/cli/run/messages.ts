import type { LoadedConfig } from '../../config/load-config.ts';
import type { Log, LogLevel } from '../../telemetry/log.ts';
import { createLog } from '../../telemetry/log.ts';
import type { CliContext } from '../context.ts';
import { jsonReporter, plainReporter, type Reporter, terminalReporter } from '../status/reporter.ts';
import { paintFor } from '../terminal/io.ts';
import type { RunOptions } from './options.ts';

/** How a run shows itself: as a line on a terminal, as lines elsewhere, as events for machines. */
export function reporterFor({ io, env }: CliContext, { json, output }: RunOptions): Reporter {
  // Data has standard output for itself.
  if (json === true) return jsonReporter(output === '-' ? io.stderr : io.stdout);
  const paint = paintFor(io.stderr, env);
  return io.stderr.isTTY === true ? terminalReporter(io.stderr, paint) : plainReporter(io.stderr, paint);
}

/** The log of a run, beside its status line. A person is told of warnings only, unless the configuration says otherwise. */
export function logFor({ config, origins, mode }: LoadedConfig, { io }: CliContext, reporter: Reporter): Log {
  const level: LogLevel = origins['log.level'] === 'default' ? 'warn' : config.log.level;
  if (io.stderr.isTTY !== true) return createLog({ level, format: config.log.format, runtimeMode: mode });
  const stream = { isTTY: true, write: (line: string) => reporter.say(line.trimEnd()) };
  return createLog({ level, format: config.log.format, runtimeMode: mode, stream });
}
