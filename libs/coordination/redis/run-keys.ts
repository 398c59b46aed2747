/**
 * The keys of runs. A script must get all keys that it uses, and some depend on the run's plan: how many phases a module has, and
 * which hops open them. The plan of a run never changes, so it is read once and cached. A call that relies on it carries its
 * fingerprint, and the script refuses a fingerprint that is not the run's.
 */
import { hash } from 'node:crypto';
import { chainKeys, dueMembers, shardOf } from '../../keys/keys.ts';
import type { NodeRef } from '../protocol/node.ts';
import type { ModulePlan } from '../protocol/runs.ts';

/** Runs whose keys are cached; the oldest are dropped first. */
const MAX_RUNS = 10_000;

/** The part of a run's plan that determines its keys. */
export interface Layout {
  /** Fingerprint of `modules`. */
  readonly stamp: string;
  /** `openers` has the id of the hop that opens each phase, or an empty text. */
  readonly modules: readonly { readonly id: string; readonly openers: readonly string[] }[];
}

export function layoutOf(modules: readonly ModulePlan[]): Layout {
  const shape = modules.map(({ moduleId, phases }) => ({
    id: moduleId,
    openers: phases.map(({ opener }) => opener?.id ?? ''),
  }));
  return { stamp: hash('sha256', JSON.stringify(shape), 'base64url').slice(0, 16), modules: shape };
}

/** All keys of one run. */
export interface RunKeys {
  readonly runId: string;
  readonly shard: number;
  readonly run: string;
  readonly plan: string;
  readonly shardDue: string;
  readonly outbox: string;
  readonly timeline: string;
  readonly nodes: string;
  readonly reorder: string;
  readonly exec: (moduleId: string) => string;
  readonly due: (moduleId: string, phase: number) => string;
  readonly node: (id: string) => string;
  /** Keys by module id; undefined until the run's plan is known. */
  modules: ReadonlyMap<string, ModuleKeys> | undefined;
  stamp: string;
}

/** The keys of one module of a run whose plan is known. */
export interface ModuleKeys {
  readonly moduleId: string;
  readonly at: number;
  readonly exec: string;
  readonly due: readonly string[];
  /** The node of each opener, in order, without gaps. */
  readonly openers: readonly string[];
  /** The first keys of every scoped script. */
  readonly scope: readonly string[];
}

/** Cache of keys by run: keys are built once, and a plan is read once. */
export class RunKeyCache {
  readonly #shards: number;
  readonly #runs = new Map<string, RunKeys>();

  constructor(shards: number) {
    this.#shards = shards;
  }

  of(runId: string): RunKeys {
    const known = this.#runs.get(runId);
    if (known !== undefined) return known;
    const runKeys = makeRunKeys(runId, shardOf(runId, this.#shards));
    if (this.#runs.size >= MAX_RUNS) this.#runs.delete(this.#runs.keys().next().value!);
    this.#runs.set(runId, runKeys);
    return runKeys;
  }

  forget(runId: string): void {
    this.#runs.delete(runId);
  }
}

/** Stores the run's plan. */
export function learnLayout(runKeys: RunKeys, { stamp, modules }: Layout): void {
  runKeys.stamp = stamp;
  runKeys.modules = new Map(modules.map(({ id, openers }, at) => [id, makeModuleKeys(runKeys, id, at, openers)]));
}

function makeRunKeys(runId: string, shard: number): RunKeys {
  return {
    runId,
    shard,
    run: chainKeys.run(shard, runId),
    plan: chainKeys.plan(shard, runId),
    shardDue: chainKeys.shardDue(shard),
    outbox: chainKeys.events(shard),
    timeline: chainKeys.timeline(shard, runId),
    nodes: chainKeys.nodes(shard, runId),
    reorder: chainKeys.reorderBuffer(shard, runId),
    exec: remembered((moduleId: string) => chainKeys.execution(shard, runId, moduleId)),
    due: dueKeys(shard, runId),
    node: (id) => chainKeys.node(shard, id),
    modules: undefined,
    stamp: '',
  };
}

function makeModuleKeys(runKeys: RunKeys, moduleId: string, at: number, openers: readonly string[]): ModuleKeys {
  const { run, plan, shardDue, outbox, timeline, nodes, reorder } = runKeys;
  const exec = runKeys.exec(moduleId);
  const due = openers.map((_, phase) => runKeys.due(moduleId, phase));
  const openerKeys = openers.filter((id) => id !== '').map((id) => runKeys.node(id));
  const scope = [run, plan, shardDue, outbox, timeline, nodes, reorder, exec, ...due, ...openerKeys];
  return { moduleId, at, exec, due, openers: openerKeys, scope };
}

/** Keys for scripts that change one node alone. */
export function nodeKeys(runKeys: RunKeys, node: NodeRef): string[] {
  const { run, shardDue } = runKeys;
  return [run, runKeys.exec(node.moduleId), runKeys.node(node.id), runKeys.due(node.moduleId, node.phase), shardDue];
}

/** The member of the shard's due set for the node's phase. */
export function phaseMember({ runId, moduleId, phase }: NodeRef): string {
  return dueMembers.phase(runId, moduleId, phase);
}

/** Caches a text per module and phase. */
function dueKeys(shard: number, runId: string): (moduleId: string, phase: number) => string {
  const bases = remembered((moduleId: string) => chainKeys.phaseDue(shard, runId, moduleId, 0).slice(0, -1));
  return (moduleId, phase) => bases(moduleId) + phase;
}

function remembered(make: (name: string) => string): (name: string) => string {
  const made = new Map<string, string>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const text = make(name);
    // Names come from messages too, so unknown ones must not accumulate.
    if (made.size < 1_000) made.set(name, text);
    return text;
  };
}
