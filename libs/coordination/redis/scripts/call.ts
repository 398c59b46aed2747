import { CatenaError } from '../../../errors/catena-error.ts';
import { invariantBroken } from '../../protocol/assertions.ts';
import type { NodeRef, NodeSeed } from '../../protocol/node.ts';
import type { CoordinatorPolicy } from '../../protocol/policy.ts';
import { type Layout, learnLayout, type ModuleKeys, type RunKeyCache, type RunKeys } from '../run-keys.ts';
import type { ScriptRunner } from './runner.ts';
import { type Reply, ScopeCode, type Script, type ScriptArgument } from './script.ts';

/** Dependencies of the transitions. */
export interface RedisDeps {
  readonly runner: ScriptRunner;
  readonly keys: RunKeyCache;
  readonly policy: CoordinatorPolicy;
  /** Unix milliseconds instead of the server's clock; empty: the server's. */
  readonly now: () => ScriptArgument;
  /** Returns a new, unique fencing value. */
  readonly nextToken: () => string;
}

/** Returns a run with its plan; undefined when Redis does not know the run. */
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

/** Keys and arguments of a script call. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly ScriptArgument[];
}

/** How often a plan is read again before a call fails. */
const MAX_PLAN_READS = 3;

/**
 * Runs a script whose keys depend on the plan of a run. If the cached plan is not the run's, it is read again: the run was purged
 * and opened again, or Redis lost and regained it. Returns undefined when there is no such run, or when `call` finds nothing to
 * call in its plan.
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
    remedy: 'try again; if it happens every time, purge the run: its data in Redis is inconsistent',
  });
}

/** Runs a script on a run and one of its modules; `call` adds what follows the keys and arguments of the scope. */
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
    const scopeArgs = [deps.now(), runKeys.stamp, policyArg(deps.policy)];
    return { keys: [...module.scope, ...keys], args: [...scopeArgs, ...args] };
  });
}

/** Runs a script that may end this node. Throws `coordinator.invariant_broken` when its phase's counters and due set disagree. */
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

/** The dispatch grace and the windows, as `lua/lib/scope.lua` reads them. */
export function policyArg(policy: CoordinatorPolicy): string {
  return `${policy.dispatchGraceMs},${windowsArg(policy)}`;
}

/** The windows of a run, as `lua/lib/window.lua` reads them. */
export function windowsArg({ hopWindow, requestWindow }: CoordinatorPolicy): string {
  return `${hopWindow},${requestWindow}`;
}

/** The seven arguments of a seed, as scripts read them. */
export function seedArgs(seed: NodeSeed): ScriptArgument[] {
  const { id, phase, stepIdx, prefixRequest, limitKey, body } = seed;
  const kind = seed.isComputed === true ? 'computed' : seed.kind;
  return [id, kind, phase, stepIdx, prefixRequest, limitKey ?? '', body];
}
