/** The facts about a module that the engine schedules by. */
import { jsonSchemaOf } from '../modules/check/describe-contract.ts';
import type { ModuleDefinition } from '../modules/contract/definition.ts';
import { contractText } from '../modules/contract/description.ts';
import type { ModuleFacts, StepFacts } from './served-module.ts';

/** Plain data, so that it can be sent to another thread. */
export function factsOf(module: ModuleDefinition): ModuleFacts {
  const { id, name, version, phases, itemTypes, inputSchema, early } = module;
  return {
    id,
    name,
    version,
    steps: module.steps.map(({ name, kind, phase, identity, policy, givesUp }): StepFacts => {
      return { name, kind, phase, identity, policy, givesUp };
    }),
    phases,
    itemTypes,
    early,
    inputJsonSchema: inputSchema === undefined ? '' : textOf(jsonSchemaOf(inputSchema)),
    contract: module.contract === undefined ? '' : contractText(module.contract),
    code: module.code ?? '',
  };
}

/** Empty when the schema has no JSON Schema. */
function textOf(schema: unknown): string {
  return schema === null ? '' : JSON.stringify(schema);
}
