import { CatenaError } from '../../errors/catena-error.ts';
import type { CoordinatorPolicy } from '../policy.ts';
import { type Layout, learnLayout, type ModulePlace, type Place, type Places } from './places.ts';
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

/** The keys behind those of the scope, and the arguments behind those of the scope. */
export interface ScopedCall {
  readonly keys: readonly string[];
  readonly args: readonly ScriptArgument[];
}

const MAX_LAYOUT_READS = 3;

/**
 * Runs a script on a run with one of its modules; undefined when there is no such run or module. Where the plan that is
 * kept here is not the run's, it is read again: the run was purged and opened anew, or Redis lost it and got it back.
 */
export async function runScoped(
  deps: RedisDeps,
  script: Script,
  { runId, moduleId }: { readonly runId: string; readonly moduleId: string },
  call: (place: KnownPlace, module: ModulePlace) => ScopedCall,
): Promise<Reply | undefined> {
  for (let read = 0; read < MAX_LAYOUT_READS; read++) {
    const place = await findPlace(deps, runId);
    const module = place?.modules.get(moduleId);
    if (place === undefined || module === undefined) return undefined;
    const { keys, args } = call(place, module);
    const scoped = [deps.now(), place.stamp, deps.policy.dispatchGraceMs, ...args];
    const reply = await deps.runner.run(script, [...module.scope, ...keys], scoped);
    if (reply.code >= 0) return reply;
    deps.places.forget(runId);
    if (reply.code === ScopeCode.UNKNOWN_RUN) return undefined;
  }
  throw new CatenaError('coordinator.unavailable', `the plan of run ${runId} changed while it was read`, {
    class: 'retryable',
    data: { runId },
    remedy: 'try again; if it stays so, audit the run',
  });
}
