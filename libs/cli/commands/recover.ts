/** `catena recover`: audits all open runs and prints what was found and repaired. */
import { createLog } from '../../telemetry/log.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { effectiveConfig } from '../effective-config.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { formatCount, formatTable } from '../terminal/format.ts';

export interface RecoverOptions extends ConfigOptions {
  readonly output?: string;
}

const MEANINGS = {
  reopened: ['opened again', 'the coordinator had lost them'],
  drift: ['counters corrected', 'they disagreed with the nodes'],
  withdrawn: [
    'commits without effect',
    'the coordinator had lost them: their items are hidden, their nodes executed again',
  ],
  ended: ['runs closed', 'the store has their end, the coordinator had lost it'],
  unsettled: ['runs at work', 'they changed while they were counted: audit them again, or pause them first'],
} as const;

export async function recover(context: CliContext, options: RecoverOptions): Promise<ExitCodeValue> {
  const loaded = effectiveConfig(context, options);
  const stop = new AbortController();
  const forget = context.onSignal(() => stop.abort());
  try {
    const log = createLog({ level: 'warn', format: loaded.config.log.format, runtimeMode: loaded.mode });
    const found = await context.recover(loaded, { log, signal: stop.signal });
    const { incarnation, runs, nodes, ...repairs } = found;
    const rows = Object.entries(MEANINGS).map(([what, [title, meaning]]) => {
      const count = repairs[what as keyof typeof repairs];
      return [title, formatCount(count), count === 0 ? '' : meaning];
    });
    const head = incarnation === undefined ? '' : `incarnation ${incarnation}\n`;
    const text = `${head}${formatCount(runs)} open runs with ${formatCount(nodes)} nodes\n\n${formatTable(rows)}`;
    context.io.stdout.write(options.output === 'json' ? `${JSON.stringify(found, undefined, 2)}\n` : text);
    return ExitCode.DONE;
  } catch (thrown) {
    if (stop.signal.aborted) return ExitCode.INTERRUPTED;
    throw thrown;
  } finally {
    forget();
  }
}

/** `catena migrate`: creates or upgrades the tables, as their owner. */
export async function migrate(context: CliContext, options: ConfigOptions): Promise<ExitCodeValue> {
  await context.migrate(effectiveConfig(context, options));
  context.io.stderr.write('the tables are those of this version\n');
  return ExitCode.DONE;
}
