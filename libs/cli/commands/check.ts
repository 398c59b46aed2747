/** `catena check FILE`: checks the types of a module and loads it. */
import { existsSync } from 'node:fs';
import type { ModuleFacts } from '../../calls/served-module.ts';
import { silentLog } from '../../telemetry/log.ts';
import { openModules } from '../../workers/open-modules.ts';
import { checkTypes } from '../check-types.ts';
import type { CliContext, SharedOptions } from '../context.ts';
import { effectiveConfig, settingsOfModules } from '../effective-config.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { countOf, formatTable } from '../terminal/format.ts';

export async function checkModule(context: CliContext, file: string, _options: SharedOptions): Promise<ExitCodeValue> {
  const { stdout } = context.io;
  // Types first: for a file that cannot be loaded they give the better message. The loader reports a missing file.
  const errors = existsSync(file) ? await checkTypes(file) : [];
  for (const error of errors) stdout.write(`${error}\n`);
  if (errors.length > 0) {
    stdout.write(`${countOf(errors.length, 'type error')} in ${file}\n`);
    return ExitCode.FOUND;
  }
  stdout.write(describeModule(await factsOfFile(context, file)));
  return ExitCode.DONE;
}

/** Loads the module as a run does: in a worker, within its time. */
async function factsOfFile(context: CliContext, file: string): Promise<ModuleFacts> {
  const { config } = effectiveConfig(context, {});
  const settingsFor = settingsOfModules(context);
  const opened = await openModules({ files: [file], settingsFor, config, env: context.env, log: silentLog });
  await opened.stop();
  return opened.modules[0]!;
}

function describeModule({ id, steps, phases, itemTypes }: ModuleFacts): string {
  const rows = steps.map(({ name, kind, phase, identity, policy }) => {
    const attempts = policy.retry?.attempts;
    return [
      name,
      kind,
      String(phase + 1),
      [identity === 'lineage' ? 'by lineage' : '', attempts === undefined ? '' : countOf(attempts, 'attempt')]
        .filter(Boolean)
        .join(', '),
    ];
  });
  const items = itemTypes.length === 0 ? 'no items' : `items: ${itemTypes.join(', ')}`;
  const head = `${id} is valid: ${countOf(steps.length, 'step')} in ${countOf(phases.length, 'phase')}, ${items}\n\n`;
  return head + formatTable([['STEP', 'KIND', 'PHASE', ''], ...rows], '  ');
}
