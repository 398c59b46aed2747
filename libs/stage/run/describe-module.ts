import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { ModuleDescription, StepKind } from '../../contracts/services.ts';
import type { ModuleDefinition } from '../../modules/contract/definition.ts';

/** A module that shows the schema of its input; one that does not can be described all the same. */
export interface DescribableModule extends ModuleDefinition {
  readonly inputSchema?: StandardSchemaV1;
}

/** The modules that a process serves. */
export interface ModuleCatalogue {
  /** The module called `name@version`, or the highest version of `name`. Throws `module.unknown`. */
  resolve(reference: string): DescribableModule;
  /** By name and then by version. */
  ids(): readonly string[];
}

export function describeModules(modules: ModuleCatalogue): ModuleDescription[] {
  return modules.ids().map((id) => describeModule(modules.resolve(id)));
}

/** A module as clients see it. */
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

/** Empty for a schema whose library, or whose own form (a transformation, say), has no JSON schema. */
function jsonSchemaOf(schema: StandardSchemaV1): Buffer {
  const { jsonSchema } = schema['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>;
  if (jsonSchema === undefined) return NO_SCHEMA;
  try {
    return Buffer.from(JSON.stringify(jsonSchema.input({ target: 'draft-2020-12' })));
  } catch {
    return NO_SCHEMA;
  }
}
