/** A contract as plain data, to be compared with that of another process or another day. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { ContractDescription } from '../contract/description.ts';
import type { CheckedContract } from './check-contract.ts';

/** What nodes of a run depend on: a change of a step's policy is none. */
export function describeContract(contract: CheckedContract): ContractDescription {
  const { name, version, input, steps, phases, items, early } = contract;
  return {
    name,
    version,
    input: jsonSchemaOf(input),
    steps: steps.map(({ name, kind, phase, schema, options }) => ({
      ...{ name, kind, phase, identity: options.identity ?? 'state', state: jsonSchemaOf(schema) },
    })),
    phases: phases.map(({ steps, join, share }) => ({ steps, join, ...(share === undefined ? {} : { share }) })),
    items: Object.fromEntries(Object.entries(items).map(([type, schema]) => [type, jsonSchemaOf(schema)])),
    ...(early === undefined ? {} : { early: { atMs: early.atMs } }),
  };
}

/** Null when the schema, or its library, has no JSON Schema: a change of it is not noticed. */
export function jsonSchemaOf(schema: StandardSchemaV1): unknown {
  const { jsonSchema } = schema['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>;
  try {
    return jsonSchema?.input({ target: 'draft-2020-12' }) ?? null;
  } catch {
    return null;
  }
}
