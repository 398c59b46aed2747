import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { ModuleDescription, StepKind } from '../../contracts/services.ts';
import type { ModuleDefinition } from '../../modules/contract/definition.ts';

/** A module with an optional JSON schema of its input. */
export interface DescribableModule extends ModuleDefinition {
  readonly inputSchema?: StandardSchemaV1;
}

/** The modules that a process serves. */
export interface ModuleCatalogue {
  /** Returns the module `name@version`, or the highest version of `name`. Throws `module.unknown`. */
  resolve(reference: string): DescribableModule;
  /** Lists the modules by name, then by version. */
  ids(): readonly string[];
}

export function describeModules(modules: ModuleCatalogue): ModuleDescription[] {
  return modules.ids().map((id) => describeModule(modules.resolve(id)));
}

/** Describes a module for clients. */
export function describeModule(module: DescribableModule): ModuleDescription {
  const { id, name, version, steps, phases, itemTypes, inputSchema } = module;
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
    inputSchema: inputSchema === undefined ? NO_SCHEMA : jsonSchemaOf(inputSchema),
  });
}

const NO_SCHEMA = Buffer.alloc(0);

/** Empty when the schema, or its library, has no JSON schema (a transformation, for example). */
function jsonSchemaOf(schema: StandardSchemaV1): Buffer {
  const { jsonSchema } = schema['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>;
  if (jsonSchema === undefined) return NO_SCHEMA;
  try {
    return Buffer.from(JSON.stringify(jsonSchema.input({ target: 'draft-2020-12' })));
  } catch {
    return NO_SCHEMA;
  }
}
