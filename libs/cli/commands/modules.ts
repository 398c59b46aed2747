/** `catena modules`: lists the modules that tasks at a server may name. */
import { StepKind } from '../../contracts/services.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { locationOf, needsServer } from '../run-location.ts';
import { withServer } from '../server/connect.ts';
import { formatTable } from '../terminal/format.ts';

export interface ModulesOptions extends ConfigOptions {
  readonly output?: string;
}

export async function listModules(context: CliContext, options: ModulesOptions): Promise<ExitCodeValue> {
  const location = locationOf(context, options);
  if (location.kind === 'file')
    throw needsServer('modules', 'a file has no list of modules: each `catena run` names its own');
  const { modules } = await withServer(location, ({ calls }) => calls.listModules({}));
  const views = modules.map(({ moduleId, steps, phaseCount, itemTypes, inputSchema }) => ({
    module: moduleId,
    phases: phaseCount,
    steps: steps.map(({ name, kind, phase }) => {
      return { name, kind: kind === StepKind.COMPUTE ? 'compute' : 'fetch', phase: phase + 1 };
    }),
    item_types: itemTypes,
    input_schema: inputSchema.length === 0 ? null : (JSON.parse(inputSchema.toString()) as unknown),
  }));
  context.io.stdout.write(options.output === 'json' ? `${JSON.stringify(views, undefined, 2)}\n` : tableOf(views));
  return ExitCode.DONE;
}

interface ModuleView {
  readonly module: string;
  readonly steps: readonly { readonly name: string }[];
  readonly item_types: readonly string[];
}

function tableOf(views: readonly ModuleView[]): string {
  if (views.length === 0) return 'the server has no modules: name their files in its setting modules.files\n';
  const rows = views.map(({ module, steps, item_types }) => {
    return [module, steps.map(({ name }) => name).join(', '), item_types.join(', ')];
  });
  return formatTable([['MODULE', 'STEPS', 'ITEMS'], ...rows]);
}
