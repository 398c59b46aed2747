/** Checks a whole contract when it is defined, and returns it in a form that needs no more checks. */
import { CatenaError } from '../../errors/catena-error.ts';
import { type AnyContract, fetchStep, type Schema, type StepOptions } from '../contract/contract.ts';
import type { EarlyOpening, PhaseDefinition } from '../contract/definition.ts';
import { earlyProblems } from './early.ts';
import { isRecord } from './is-record.ts';
import { phaseProblems, readPhases } from './phases.ts';
import { optionProblems } from './step-options.ts';

/** A declared step, with its defaults. */
export interface DeclaredStep {
  readonly name: string;
  readonly index: number;
  readonly kind: 'fetch' | 'compute';
  readonly phase: number;
  readonly schema: Schema;
  readonly options: StepOptions;
}

export interface CheckedContract {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly input: Schema;
  readonly steps: readonly DeclaredStep[];
  readonly phases: readonly PhaseDefinition[];
  readonly items: Readonly<Record<string, Schema>>;
  readonly early: EarlyOpening | undefined;
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const VERSION = /^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
/** Names that authors write behind a dot: `go.list`, `put.product`. */
const MEMBER = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
/** `start` is the function that runs before any step; an object with a `then` would be treated as a promise. */
const RESERVED = new Set(['start', 'then', 'constructor', 'toJSON']);
const CONTRACT_FIELDS = new Set(['name', 'version', 'input', 'steps', 'items', 'phases', 'early']);

/** Throws `module.bad_contract` with everything that is wrong. */
export function checkContract(contract: AnyContract): CheckedContract {
  if (!isRecord(contract))
    throw badContract('a module', ['a contract is an object with name, version, input and steps']);
  const title = typeof contract.name === 'string' ? `module "${contract.name}"` : 'a module';
  const problems = [
    ...headProblems(contract),
    ...memberProblems('step', contract.steps),
    ...stepProblems(contract.steps),
    ...memberProblems('item', contract.items ?? {}),
    ...itemProblems(contract.items ?? {}),
  ];
  // Phases refer to the steps, so they are checked only if the steps are valid.
  if (problems.length === 0) problems.push(...phaseProblems(Object.keys(contract.steps), contract.phases));
  if (problems.length > 0) throw badContract(title, problems);
  const checked = read(contract);
  const misplaced = earlyProblems(contract.early, checked);
  if (misplaced.length > 0) throw badContract(title, misplaced);
  requireOpenable(checked, title);
  return checked;
}

function headProblems(contract: AnyContract): string[] {
  const problems: string[] = [];
  if (typeof contract.name !== 'string' || !NAME.test(contract.name)) {
    problems.push(`name ${shown(contract.name)}: use lower case letters, digits, - and _, at most 63`);
  }
  if (typeof contract.version !== 'string' || !VERSION.test(contract.version)) {
    problems.push(`version ${shown(contract.version)}: write it like 1.0.0`);
  }
  if (!isSchema(contract.input)) problems.push('input: give a schema, such as z.object({})');
  for (const field of Object.keys(contract)) {
    if (!CONTRACT_FIELDS.has(field))
      problems.push(`${field}: unknown field; a contract has ${[...CONTRACT_FIELDS].join(', ')}`);
  }
  return problems;
}

function memberProblems(kind: 'step' | 'item', members: unknown): string[] {
  if (!isRecord(members)) return [`${kind}s: give an object that maps names to schemas`];
  const names = Object.keys(members);
  if (kind === 'step' && names.length === 0) return ['steps: declare at least one'];
  return names.flatMap((name) => {
    if (!MEMBER.test(name)) return [`${kind} ${shown(name)}: use letters, digits and _, beginning with a letter`];
    return RESERVED.has(name) ? [`${kind} "${name}": the name is reserved`] : [];
  });
}

function stepProblems(steps: unknown): string[] {
  if (!isRecord(steps)) return [];
  return Object.entries(steps).flatMap(([name, declaration]) => {
    if (isSchema(declaration)) return [];
    if (!isRecord(declaration) || (declaration.stepKind !== 'fetch' && declaration.stepKind !== 'compute')) {
      return [`step "${name}": give a schema, fetchStep(schema, options) or computeStep(schema, options)`];
    }
    const problems = optionProblems(declaration.options).map((problem) => `step "${name}": ${problem}`);
    return isSchema(declaration.schema)
      ? problems
      : [`step "${name}": its first argument is not a schema`, ...problems];
  });
}

function itemProblems(items: unknown): string[] {
  if (!isRecord(items)) return [];
  return Object.entries(items).flatMap(([name, schema]) => (isSchema(schema) ? [] : [`item "${name}": give a schema`]));
}

function read(contract: AnyContract): CheckedContract {
  const names = Object.keys(contract.steps);
  const phases = readPhases(names, contract.phases);
  const steps = Object.entries(contract.steps).map(([name, declaration], index): DeclaredStep => {
    const { stepKind, schema, options } = 'stepKind' in declaration ? declaration : fetchStep(declaration);
    const phase = phases.findIndex((one) => one.steps.includes(index));
    return { name, index, kind: stepKind, phase, schema, options };
  });
  const { name, version, input, early } = contract;
  return { id: `${name}@${version}`, name, version, input, steps, phases, items: { ...contract.items }, early };
}

/** A later phase that starts with a compute step is opened with an empty state, which its schema must accept. */
function requireOpenable({ phases, steps }: CheckedContract, title: string): void {
  for (const phase of phases.slice(1)) {
    const first = steps[phase.steps[0] ?? -1];
    if (first?.kind !== 'compute') continue;
    const result = first.schema['~standard'].validate({});
    if (result instanceof Promise || result.issues === undefined) continue;
    throw badContract(title, [
      `step "${first.name}" opens phase ${first.phase} with an empty state, which its schema refuses: give every field a default`,
    ]);
  }
}

function badContract(title: string, problems: readonly string[]): CatenaError {
  return new CatenaError('module.bad_contract', `the contract of ${title} is wrong: ${problems.join('; ')}`, {
    data: { problems },
  });
}

function isSchema(value: unknown): value is Schema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Record<string, unknown>)['~standard'];
  return isRecord(standard) && typeof standard.validate === 'function';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value;
}
