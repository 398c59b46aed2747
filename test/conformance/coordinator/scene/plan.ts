/** Plans and seeds in a few words: nodes have names, and a name is an id within its run. */

import type { NodeRef, NodeSeed } from '../../../../libs/coordination/protocol/node.ts';
import type { JoinPolicy, ModulePlan } from '../../../../libs/coordination/protocol/runs.ts';

export interface PhaseShape {
  /** The name of the hop that opens the phase. */
  readonly opener?: string;
  readonly join?: JoinPolicy;
  readonly deadlineInMs?: number;
}

export interface ModuleShape {
  /** Default: `m`. */
  readonly moduleId?: string;
  /** Default: one phase. */
  readonly phases?: readonly PhaseShape[];
  /** Names of first hops in the first phase; default: `a`. */
  readonly first?: readonly string[];
  /** When the later phases open early. */
  readonly earlyInMs?: number;
  /** The steps that make requests, of a run with caps. */
  readonly fetchSteps?: readonly number[];
}

export interface SeedShape {
  readonly moduleId?: string;
  readonly phase?: number;
  readonly stepIdx?: number;
  /** The name of the request whose parse yields it. */
  readonly prefix?: string;
  readonly body?: string;
  /** Whether it is a hop of a compute step of a module that opens early. */
  readonly isComputed?: boolean;
}

/** The names of one run. */
export class Cast {
  readonly runId: string;
  readonly #modules = new Map<string, string>();
  readonly #seeds = new Map<string, NodeSeed>();

  constructor(runId: string) {
    this.runId = runId;
  }

  hop(name: string, shape: SeedShape = {}): NodeSeed {
    return this.#seed('hop', name, shape);
  }

  request(name: string, shape: SeedShape = {}): NodeSeed {
    return { ...this.#seed('request', name, shape), limitKey: 'site.test' };
  }

  /** Where a named node stands; unknown names are an error of the test. */
  ref(name: string): NodeRef {
    const seed = this.#seeds.get(name);
    if (seed === undefined) throw new Error(`the test speaks of '${name}' before it cast it`);
    return { id: seed.id, runId: this.runId, moduleId: this.#modules.get(name) ?? 'm', phase: seed.phase };
  }

  seed(name: string): NodeSeed {
    this.ref(name);
    return this.#seeds.get(name)!;
  }

  plan(module: ModuleShape, nowMs: number): ModulePlan {
    const moduleId = module.moduleId ?? 'm';
    const phases = (module.phases ?? [{}]).map((shape, phase) => ({
      join: shape.join ?? { kind: 'settle' as const },
      ...(shape.opener === undefined ? {} : { opener: this.hop(shape.opener, { moduleId, phase }) }),
      ...(shape.deadlineInMs === undefined ? {} : { deadlineAtMs: nowMs + shape.deadlineInMs }),
    }));
    const early = module.earlyInMs === undefined ? {} : { earlyAtMs: nowMs + module.earlyInMs };
    const { fetchSteps = [] } = module;
    return {
      moduleId,
      phases,
      ...early,
      fetchSteps,
      first: (module.first ?? ['a']).map((name) => this.hop(name, { moduleId })),
    };
  }

  #seed(kind: NodeSeed['kind'], name: string, shape: SeedShape): NodeSeed {
    const phase = shape.phase ?? 0;
    const seed: NodeSeed = {
      id: `${this.runId}.${name}`,
      kind,
      phase,
      stepIdx: shape.stepIdx ?? phase,
      prefixRequest: shape.prefix === undefined ? '' : `${this.runId}.${shape.prefix}`,
      body: shape.body ?? `{"name":"${name}"}`,
      ...(shape.isComputed === true ? { isComputed: true } : {}),
    };
    this.#seeds.set(name, seed);
    this.#modules.set(name, shape.moduleId ?? 'm');
    return seed;
  }
}
