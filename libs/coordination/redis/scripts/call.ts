import { CatenaError } from '../../../errors/catena-error.ts';
import type { NodeSeed } from '../../protocol/node.ts';
import type { CoordinatorPolicy } from '../../protocol/policy.ts';
import { type Layout, learnLayout, type ModulePlace, type Place, type Places } from '../run-keys.ts';
import type { ScriptArgument, ScriptRunner } from './runner.ts';
import { type Reply, ScopeCode, type Script } from './script.ts';

/** What the transitions work with. */
export interface RedisDeps {
  readonly runner: ScriptRunner;
  readonly places: Places;
  readonly policy: CoordinatorPolicy;
  /** Unix milliseconds in place of the server's clock; empty for the server's. */
  readonly now: () => ScriptArgument;
  /** A fencing value that was never given before. */
  readonly nextToken: () => string;
}

/** A run with its plan known; undefined when Redis does not know the run. */
export async function findPlace({ runner, places }: RedisDeps, runId: string): Promise<KnownPlace | undefined> {
  const place = places.of(runId);
  if (place.modules === undefined) {
    const layout = await runner.ask('HGET', (redis) => redis.hget(place.plan, 'layout'));
    if (layout === null) {
      places.forget(runId);
      return undefined;
    }
    learnLayout(place, JSON.parse(layout) as Layout);
  }
  return place as KnownPlace;
}

export type KnownPlace = Place & { readonly modules: ReadonlyMap<string, ModulePlace> };

/** What a script is called with. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly ScriptArgument[];
}

/** How often a plan is read again before a call gives up. */
const MAX_PLAN_READS = 3;

/**
 * Runs a script whose keys follow from the plan of a run. Where the plan that is kept here is not the run's, it is read
 * again: the run was purged and opened anew, or Redis lost it and got it back. Undefined when there is no such run, or when
 * `call` finds nothing to call in its plan.
 */
export async function runPlanned(
  deps: RedisDeps,
  script: Script,
  runId: string,
  call: (place: KnownPlace) => ScriptCall | undefined,
): Promise<Reply | undefined> {
  for (let read = 0; read < MAX_PLAN_READS; read++) {
    const isFresh = deps.places.of(runId).modules === undefined;
    const place = await findPlace(deps, runId);
    const planned = place === undefined ? undefined : call(place);
    if (planned === undefined && isFresh) return undefined;
    if (planned !== undefined) {
      const reply = await deps.runner.run(script, planned.keys, planned.args);
      if (reply.code >= 0) return reply;
      deps.places.forget(runId);
      if (reply.code === ScopeCode.UNKNOWN_RUN) return undefined;
    } else {
      deps.places.forget(runId);
    }
  }
  throw new CatenaError('coordinator.unavailable', `the plan of run ${runId} changed while it was read`, {
    class: 'retryable',
    data: { runId },
    remedy: 'try again; if it comes back every time, purge the run: what Redis holds of it does not fit together',
  });
}

/** Runs a script on a run with one of its modules; `call` names what comes behind the keys and arguments of the scope. */
export function runScoped(
  deps: RedisDeps,
  script: Script,
  { runId, moduleId }: { readonly runId: string; readonly moduleId: string },
  call: (place: KnownPlace, module: ModulePlace) => ScriptCall,
): Promise<Reply | undefined> {
  return runPlanned(deps, script, runId, (place) => {
    const module = place.modules.get(moduleId);
    if (module === undefined) return undefined;
    const { keys, args } = call(place, module);
    const scopeArgs = [deps.now(), place.stamp, deps.policy.dispatchGraceMs];
    return { keys: [...module.scope, ...keys], args: [...scopeArgs, ...args] };
  });
}

/** The seven arguments of a seed, as scripts read them. */
export function seedArgs({ id, kind, phase, stepIdx, prefixRequest, limitKey, body }: NodeSeed): ScriptArgument[] {
  return [id, kind, phase, stepIdx, prefixRequest, limitKey ?? '', body];
}
