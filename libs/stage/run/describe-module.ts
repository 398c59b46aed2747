import type { ModuleFacts, ServedModule } from '../../calls/served-module.ts';
import { ModuleDescription, StepKind } from '../../contracts/services.ts';

/** The modules that a process serves. */
export interface ModuleCatalogue {
  /** Returns the module `name@version`, or the highest version of `name`. Throws `module.unknown`. */
  resolve(reference: string): ServedModule;
  /** Lists the modules by name, then by version. */
  ids(): readonly string[];
}

export function describeModules(modules: ModuleCatalogue): ModuleDescription[] {
  return modules.ids().map((id) => describeModule(modules.resolve(id)));
}

/** Describes a module for clients. */
export function describeModule(module: ModuleFacts): ModuleDescription {
  const { id, name, version, steps, phases, itemTypes, inputJsonSchema } = module;
  return ModuleDescription.fromPartial({
    moduleId: id,
    name,
    version,
    steps: steps.map((step) => ({
      name: step.name,
      kind: step.kind === 'fetch' ? StepKind.FETCH : StepKind.COMPUTE,
      phase: step.phase,
    })),
    phaseCount: phases.length,
    itemTypes: [...itemTypes],
    inputSchema: Buffer.from(inputJsonSchema),
  });
}
