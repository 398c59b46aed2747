import { CatenaError } from '../../../errors/catena-error.ts';
import { invariantBroken } from '../../protocol/assertions.ts';
import type { NodeRef, NodeSeed } from '../../protocol/node.ts';
import type { CoordinatorPolicy } from '../../protocol/policy.ts';
import { type Layout, learnLayout, type ModuleKeys, type RunKeyCache, type RunKeys } from '../run-keys.ts';
import type { ScriptRunner } from './runner.ts';
import { type Reply, ScopeCode, type Script, type ScriptArgument } from './script.ts';

/** What the transitions work with. */
export interface RedisDeps {
  readonly runner: ScriptRunner;
  readonly keys: RunKeyCache;
  readonly policy: CoordinatorPolicy;
  /** Unix milliseconds in place of the server's clock; empty for the server's. */
  readonly now: () => ScriptArgument;
  /** A fencing value that was never given before. */
  readonly nextToken: () => string;
}

/** A run with its plan known; undefined when Redis does not know the run. */
export async function findRunKeys({ runner, keys }: RedisDeps, runId: string): Promise<PlannedKeys | undefined> {
  const runKeys = keys.of(runId);
  if (runKeys.modules === undefined) {
    const layout = await runner.ask('HGET', (redis) => redis.hget(runKeys.plan, 'layout'));
    if (layout === null) {
      keys.forget(runId);
      return undefined;
    }
    learnLayout(runKeys, JSON.parse(layout) as Layout);
  }
  return runKeys as PlannedKeys;
}

export type PlannedKeys = RunKeys & { readonly modules: ReadonlyMap<string, ModuleKeys> };

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
  call: (runKeys: PlannedKeys) => ScriptCall | undefined,
): Promise<Reply | undefined> {
  for (let read = 0; read < MAX_PLAN_READS; read++) {
    const isFresh = deps.keys.of(runId).modules === undefined;
    const runKeys = await findRunKeys(deps, runId);
    const planned = runKeys === undefined ? undefined : call(runKeys);
    if (planned === undefined && isFresh) return undefined;
    if (planned !== undefined) {
      const reply = await deps.runner.run(script, planned.keys, planned.args);
      if (reply.code >= 0 || reply.code === ScopeCode.INVARIANT_BROKEN) return reply;
      deps.keys.forget(runId);
      if (reply.code === ScopeCode.UNKNOWN_RUN) return undefined;
    } else {
      deps.keys.forget(runId);
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
  call: (runKeys: PlannedKeys, module: ModuleKeys) => ScriptCall,
): Promise<Reply | undefined> {
  return runPlanned(deps, script, runId, (runKeys) => {
    const module = runKeys.modules.get(moduleId);
    if (module === undefined) return undefined;
    const { keys, args } = call(runKeys, module);
    const scopeArgs = [deps.now(), runKeys.stamp, deps.policy.dispatchGraceMs];
    return { keys: [...module.scope, ...keys], args: [...scopeArgs, ...args] };
  });
}

/** Runs a script that may end this node. Throws `coordinator.invariant_broken` where its phase's counters are not its due set. */
export async function runEnding(
  deps: RedisDeps,
  script: Script,
  node: NodeRef,
  call: (runKeys: PlannedKeys, module: ModuleKeys) => ScriptCall,
): Promise<Reply | undefined> {
  const reply = await runScoped(deps, script, node, call);
  if (reply?.code !== ScopeCode.INVARIANT_BROKEN) return reply;
  const [counted, due] = reply.payload as readonly [number, number];
  const broken = counted < 1 ? 'I1' : 'I2';
  throw invariantBroken(broken, node, `its phase counts ${counted} open nodes, and its due set holds ${due}`);
}

/** The seven arguments of a seed, as scripts read them. */
export function seedArgs({ id, kind, phase, stepIdx, prefixRequest, limitKey, body }: NodeSeed): ScriptArgument[] {
  return [id, kind, phase, stepIdx, prefixRequest, limitKey ?? '', body];
}
