/** Checks a task at its submission and reports all wrong fields at once, each by its path. */

import type { ServedModule } from '../../../libs/calls/served-module.ts';
import { CAPS, type Cap, type Caps, capProblem } from '../../../libs/contracts/caps.ts';
import {
  type FieldIssue,
  identifierFault,
  lengthFault,
  rangeFault,
  readJson,
  requireNone,
} from '../../../libs/contracts/request-check.ts';
import type { SubmitTaskRequest, SubmitTaskResponse } from '../../../libs/contracts/services.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { canonicalJson } from '../../../libs/keys/canonical-json.ts';
import { isAmount, MICROS } from '../../../libs/limits/budgets.ts';
import { type UnknownField, unknownToAll } from '../../../libs/modules/check/unknown-fields.ts';
import type { TaskSubmission } from '../../../libs/stage/run/submit.ts';
import type { IngressApiDeps } from './deps.ts';
import { findRun } from './find-run.ts';
import { toRun } from './run-view.ts';

const MAX_MODULES = 50;
/** Limits the metadata, since every message of the run carries it. */
const MAX_METADATA_CHARS = 16_384;
const TEN_YEARS_MS = 10 * 366 * 24 * 3_600_000;

export async function submitTask(deps: IngressApiDeps, request: SubmitTaskRequest): Promise<SubmitTaskResponse> {
  const accepted = await deps.submit(await checkTask(deps, request));
  // The run of an earlier submission may be in any state.
  return { run: toRun(await findRun(deps.store, accepted.runId)) };
}

/** Reads the task of a request. Throws `api.invalid_argument`, which lists all wrong fields. */
async function checkTask(
  { modules }: Pick<IngressApiDeps, 'modules'>,
  request: SubmitTaskRequest,
): Promise<TaskSubmission> {
  const { account, platform, priority, deadlineMs, costCap, caps, metadata, idempotencyKey, taskId } = request;
  const input = readJson('input', request.input, {});
  const resolved = request.modules.slice(0, MAX_MODULES).map((reference, at) => resolve(modules, reference, at));
  const definitions = resolved.filter((module): module is ServedModule => !('message' in module));
  const jsonFault = input.fault ?? canonicalFault(input.value);
  requireNone([
    ...countFaults(request.modules, definitions),
    ...resolved.filter((module): module is FieldIssue => 'message' in module),
    identifierFault('account', account),
    identifierFault('platform', platform),
    identifierFault('task_id', taskId, { mayBeEmpty: true }),
    rangeFault('deadline_ms', deadlineMs, 0, TEN_YEARS_MS),
    costCapFault(costCap),
    ...CAPS.map((cap) => capFault(caps, cap)),
    lengthFault('metadata', JSON.stringify(metadata), MAX_METADATA_CHARS),
    identifierFault('idempotency_key', idempotencyKey, { mayBeEmpty: true }),
    jsonFault,
    ...(jsonFault === undefined ? await inputFaults(definitions, input.value) : []),
  ]);
  return {
    modules: definitions.map(({ id }) => id),
    input: input.value,
    account,
    platform,
    priority,
    metadata,
    ...(taskId === '' ? {} : { task: taskId }),
    ...(deadlineMs === 0 ? {} : { deadlineMs }),
    ...(costCap === 0 ? {} : { costCap }),
    ...(caps === undefined ? {} : { caps: givenCaps(caps) }),
    ...(idempotencyKey === '' ? {} : { idempotencyKey }),
  };
}

function resolve(modules: IngressApiDeps['modules'], reference: string, at: number): ServedModule | FieldIssue {
  try {
    return modules.resolve(reference);
  } catch (thrown) {
    if (!(thrown instanceof CatenaError) || thrown.code !== 'module.unknown') throw thrown;
    return { path: `modules[${at}]`, message: `names no module that is served here: "${reference}"` };
  }
}

/** Amounts are counted in millionths. */
function costCapFault(costCap: number): FieldIssue | undefined {
  if (costCap === 0 || (isAmount(costCap) && costCap >= 1 / MICROS)) return undefined;
  return { path: 'cost_cap', message: `is ${costCap}, but must be a millionth to a billion, or 0 for none` };
}

function capFault(caps: Caps | undefined, cap: Cap): FieldIssue | undefined {
  const value = caps?.[cap];
  const problem = value === undefined ? undefined : capProblem(cap, value);
  return problem === undefined ? undefined : { path: `caps.${cap}`, message: problem };
}

/** Without the fields that a message of the wire has besides. */
function givenCaps(caps: Caps): Caps {
  return Object.fromEntries(CAPS.flatMap((cap) => (caps[cap] === undefined ? [] : [[cap, caps[cap]]])));
}

function countFaults(references: readonly string[], definitions: readonly ServedModule[]): FieldIssue[] {
  if (references.length === 0) return [{ path: 'modules', message: 'names no module' }];
  if (references.length > MAX_MODULES) {
    return [{ path: 'modules', message: `names ${references.length} modules, more than ${MAX_MODULES}` }];
  }
  const isTwice = new Set(definitions).size < definitions.length;
  return isTwice ? [{ path: 'modules', message: 'names a module twice' }] : [];
}

/** An input without a canonical form has no fingerprint; too deep nesting, for example. */
function canonicalFault(input: unknown): FieldIssue | undefined {
  try {
    canonicalJson(input);
    return undefined;
  } catch (thrown) {
    return { path: 'input', message: `cannot be kept: ${(thrown as Error).message}` };
  }
}

/** The faults that the modules find in their input, each path once per module; or the fields that none of them knows. */
async function inputFaults(definitions: readonly ServedModule[], input: unknown): Promise<FieldIssue[]> {
  const faults: FieldIssue[] = [];
  const unknown: (readonly UnknownField[])[] = [];
  for (const definition of definitions) {
    try {
      unknown.push(await definition.checkInput(input));
    } catch (thrown) {
      if (!(thrown instanceof CatenaError) || thrown.code !== 'module.wrong_input') throw thrown;
      const issues = thrown.data.issues as readonly (FieldIssue & { readonly got: string })[];
      for (const { path, message, got } of issues) {
        faults.push({ path: inputPath(path), message: `${message} (got ${got}), says ${definition.id}` });
      }
    }
  }
  if (faults.length > 0) return faults;
  return unknownToAll(unknown).map(({ path, message, got }) => {
    return { path: inputPath(path), message: `${message} (got ${got}), says ${names(definitions)}` };
  });
}

function names(definitions: readonly ServedModule[]): string {
  return definitions.map(({ id }) => id).join(' and ');
}

function inputPath(path: string): string {
  return path === '' || path.startsWith('[') ? `input${path}` : `input.${path}`;
}
