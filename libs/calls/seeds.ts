import type { NodeSeed } from '../coordination/protocol/node.ts';
import { CatenaError } from '../errors/catena-error.ts';
import { hopBranch, ptmKey, requestBranch } from '../keys/ptm-key.ts';
import { MAX_VALUE_CHARS } from '../modules/check/json-value.ts';
import { type Emission, FAIL_STEP, type RequestSpec, START_STEP } from '../modules/contract/definition.ts';
import { encodeHop, encodeRequest } from './node-body.ts';
import type { CalledNode, ModuleFacts, RunContext } from './served-module.ts';

/** The part of a run that is part of its nodes' identity. */
type RunIdentity = Pick<RunContext, 'runId' | 'account' | 'platform'>;
type SeedingModule = Pick<ModuleFacts, 'id' | 'steps' | 'phases'> & Partial<Pick<ModuleFacts, 'early'>>;

/** Longest reason of a failed module: it is part of the run's end. */
const MAX_REASON_CHARS = 1_000;

/** The hop that an execution of `parent` asks for, by `go` or by `fail`; `depth` in a run with a cap on it. */
export function emittedSeed(
  run: RunIdentity,
  module: SeedingModule,
  emission: Emission & { readonly kind: 'hop' | 'fail' },
  parent: CalledNode,
  depth?: number,
): NodeSeed {
  return emission.kind === 'fail'
    ? failSeed(run, module, emission.reason, parent)
    : hopSeed(run, module, emission, parent, depth);
}

/** The hop that an emission asks for. `parent` is the node that yields it. */
export function hopSeed(
  run: RunIdentity,
  module: SeedingModule,
  emission: Emission & { readonly kind: 'hop' },
  parent: Pick<CalledNode, 'id' | 'kind' | 'prefixRequest'> | undefined,
  depth = 0,
): NodeSeed {
  const step = module.steps[emission.step]!;
  const request = parent?.kind === 'request' ? parent.id : (parent?.prefixRequest ?? '');
  const body = encodeHop({ state: emission.state, ...(depth === 0 ? {} : { depth }) });
  if (body.length > MAX_VALUE_CHARS) {
    throw new CatenaError(
      'module.state_too_large',
      `the state of a hop to "${step.name}" has ${body.length} characters`,
      {
        remedy: `keep it under ${MAX_VALUE_CHARS}: put large data into an item`,
      },
    );
  }
  const id = ptmKey({
    kind: 'hop',
    ...identityOf(run),
    moduleId: module.id,
    stepIdx: emission.step,
    prefixRequest: step.identity === 'lineage' ? request : '',
    branch: hopBranch(emission.state, emission.key),
  });
  const isComputed = module.early !== undefined && step.kind === 'compute';
  return {
    ...{ id, kind: 'hop', phase: step.phase, stepIdx: emission.step, prefixRequest: request, body },
    ...(isComputed ? { isComputed } : {}),
  };
}

/**
 * The hop that ends the module. Its parent's commit creates it in the parent's phase, where the run waits for it. A parent that
 * is executed again after a replay may fail the module again.
 */
function failSeed(run: RunIdentity, module: SeedingModule, reason: string, parent: CalledNode): NodeSeed {
  const state = { reason: reason.slice(0, MAX_REASON_CHARS) };
  const id = ptmKey({
    kind: 'hop',
    ...identityOf(run),
    moduleId: module.id,
    stepIdx: FAIL_STEP,
    prefixRequest: '',
    branch: hopBranch({}, `${parent.id}:${parent.epoch}`),
  });
  const { phase, prefixRequest } = parent;
  return { id, kind: 'hop', phase, stepIdx: FAIL_STEP, prefixRequest, body: encodeHop({ state }) };
}

/** The hop that runs a module's start; it belongs to the first phase. */
export function startSeed(run: RunIdentity, module: SeedingModule): NodeSeed {
  return stepSeed(run, module, START_STEP, 0);
}

/** The hop that opens a phase whose first step is a compute step; undefined for one that begins with a fetch step. */
export function openerSeed(run: RunIdentity, module: SeedingModule, phase: number): NodeSeed | undefined {
  const first = module.phases[phase]!.steps[0]!;
  if (phase === 0 || module.steps[first]!.kind !== 'compute') return undefined;
  return stepSeed(run, module, first, phase);
}

function stepSeed(run: RunIdentity, module: SeedingModule, stepIdx: number, phase: number): NodeSeed {
  const state = {};
  const branch = hopBranch(state);
  const id = ptmKey({
    kind: 'hop',
    ...identityOf(run),
    moduleId: module.id,
    stepIdx,
    prefixRequest: '',
    branch,
  });
  return { id, kind: 'hop', phase, stepIdx, prefixRequest: '', body: encodeHop({ state }) };
}

/** The `ordinal`-th request of a hop. Throws `request.invalid_url`. */
export function requestSeed(
  run: RunIdentity,
  module: SeedingModule,
  hop: CalledNode,
  spec: RequestSpec,
  { ordinal, state, depth }: { readonly ordinal: number; readonly state: unknown; readonly depth?: number },
): NodeSeed {
  const host = hostOf(spec);
  const id = ptmKey({
    kind: 'request',
    ...identityOf(run),
    moduleId: module.id,
    stepIdx: hop.stepIdx,
    prefixRequest: '',
    branch: requestBranch(hop.id, ordinal),
  });
  return {
    id,
    kind: 'request',
    phase: hop.phase,
    stepIdx: hop.stepIdx,
    prefixRequest: hop.prefixRequest,
    body: encodeRequest(spec, state, depth),
    limitKey: spec.limitKey ?? host,
  };
}

function hostOf({ url }: RequestSpec): string {
  const parsed = URL.parse(String(url));
  if (parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:')) return parsed.host;
  throw new CatenaError('request.invalid_url', `a request has the URL ${JSON.stringify(String(url))}`, {
    remedy: 'give an absolute URL that begins with http:// or https://',
  });
}

function identityOf({ runId, account, platform }: RunIdentity): RunIdentity {
  return { runId, account, platform };
}
