/**
 * The keys of runs. A script must be told every key that it touches, and some of them follow from the run's plan: how many
 * phases a module has, and which hops open them. The plan never changes while a run lives, so it is read once and kept;
 * a call that relies on it carries its fingerprint, and the script refuses one that is not the run's.
 */
import { hash } from 'node:crypto';
import { chainKeys, dueMembers, shardOf } from '../../keys/keys.ts';
import type { NodeRef } from '../protocol/node.ts';
import type { ModulePlan } from '../protocol/runs.ts';

/** Runs whose keys are kept; the oldest are forgotten first. */
const MAX_PLACES = 10_000;

/** The part of a run's plan that its keys follow from. */
export interface Layout {
  /** Changes with the modules below. */
  readonly stamp: string;
  /** `openers` has the id of the hop that opens each phase, empty where there is none. */
  readonly modules: readonly { readonly id: string; readonly openers: readonly string[] }[];
}

export function layoutOf(modules: readonly ModulePlan[]): Layout {
  const shape = modules.map(({ moduleId, phases }) => ({
    id: moduleId,
    openers: phases.map(({ opener }) => opener?.id ?? ''),
  }));
  return { stamp: hash('sha256', JSON.stringify(shape), 'base64url').slice(0, 16), modules: shape };
}

/** Where a run lives. */
export interface Place {
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
  /** Undefined until it is known. */
  modules: ReadonlyMap<string, ModulePlace> | undefined;
  stamp: string;
}

/** A module of a run whose plan is known. */
export interface ModulePlace {
  readonly moduleId: string;
  readonly at: number;
  readonly exec: string;
  readonly due: readonly string[];
  /** The node of each opener, in order, without gaps. */
  readonly openers: readonly string[];
  /** What every scoped script begins with. */
  readonly scope: readonly string[];
}

export class Places {
  readonly #shards: number;
  readonly #places = new Map<string, Place>();

  constructor(shards: number) {
    this.#shards = shards;
  }

  of(runId: string): Place {
    const known = this.#places.get(runId);
    if (known !== undefined) return known;
    const place = makePlace(runId, shardOf(runId, this.#shards));
    if (this.#places.size >= MAX_PLACES) this.#places.delete(this.#places.keys().next().value!);
    this.#places.set(runId, place);
    return place;
  }

  forget(runId: string): void {
    this.#places.delete(runId);
  }
}

/** Takes note of the run's plan. */
export function learnLayout(place: Place, { stamp, modules }: Layout): void {
  place.stamp = stamp;
  place.modules = new Map(modules.map(({ id, openers }, at) => [id, makeModule(place, id, at, openers)]));
}

function makePlace(runId: string, shard: number): Place {
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

function makeModule(place: Place, moduleId: string, at: number, openers: readonly string[]): ModulePlace {
  const { run, plan, shardDue, outbox, timeline, nodes, reorder } = place;
  const exec = place.exec(moduleId);
  const due = openers.map((_, phase) => place.due(moduleId, phase));
  const openerKeys = openers.filter((id) => id !== '').map((id) => place.node(id));
  const scope = [run, plan, shardDue, outbox, timeline, nodes, reorder, exec, ...due, ...openerKeys];
  return { moduleId, at, exec, due, openers: openerKeys, scope };
}

/** Keys of a node that changes alone, as its scripts want them. */
export function nodeKeys(place: Place, node: NodeRef): string[] {
  const { run, shardDue } = place;
  return [run, place.exec(node.moduleId), place.node(node.id), place.due(node.moduleId, node.phase), shardDue];
}

/** The member of the shard's due set that stands for the node's phase. */
export function phaseMember({ runId, moduleId, phase }: NodeRef): string {
  return dueMembers.phase(runId, moduleId, phase);
}

/** A text per module and phase, of those that were asked for. */
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
    // Names come from messages too: unknown ones must not pile up.
    if (made.size < 1_000) made.set(name, text);
    return text;
  };
}
