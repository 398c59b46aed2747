/** The facts about a module that the engine schedules by. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { ModuleDefinition } from '../modules/contract/definition.ts';
import type { ModuleFacts, StepFacts } from './served-module.ts';

/** Plain data, so that it can be sent to another thread. */
export function factsOf(module: ModuleDefinition): ModuleFacts {
  const { id, name, version, phases, itemTypes, inputSchema } = module;
  return {
    id,
    name,
    version,
    steps: module.steps.map(({ name, kind, phase, identity, policy, givesUp }): StepFacts => {
      return { name, kind, phase, identity, policy, givesUp };
    }),
    phases,
    itemTypes,
    inputJsonSchema: inputSchema === undefined ? '' : jsonSchemaOf(inputSchema),
  };
}

/** Empty when the schema, or its library, has no JSON schema (a transformation, for example). */
function jsonSchemaOf(schema: StandardSchemaV1): string {
  const { jsonSchema } = schema['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>;
  if (jsonSchema === undefined) return '';
  try {
    return JSON.stringify(jsonSchema.input({ target: 'draft-2020-12' })) ?? '';
  } catch {
    return '';
  }
}
