/** `catena check FILE`: checks the types of a module and loads it. */
import { existsSync } from 'node:fs';
import type { ModuleDefinition } from '../../modules/contract/definition.ts';
import { loadModule } from '../../modules/load/load-module.ts';
import { checkTypes } from '../check-types.ts';
import type { CliContext, SharedOptions } from '../context.ts';
import { settingsOfModules } from '../effective-config.ts';
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
  stdout.write(describeModule(await loadModule(file, settingsOfModules(context))));
  return ExitCode.DONE;
}

function describeModule({ id, steps, phases, itemTypes }: ModuleDefinition): string {
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
