/** A run under test, with the verbs of the chain in short; every transition is watched for the invariants. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import type { Caps } from '../../../../libs/contracts/caps.ts';
import {
  ClaimCode,
  type ClaimCommand,
  type Held,
  SUSPECT_AFTER,
} from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode, type CommitCommand, MAX_CHILDREN } from '../../../../libs/coordination/protocol/commits.ts';
import { CommitErrorCode, type DecideCommand, type Threshold } from '../../../../libs/coordination/protocol/errors.ts';
import type { ChainNode, NodeSeed } from '../../../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../../../libs/coordination/protocol/port.ts';
import type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../../../../libs/coordination/protocol/reads.ts';
import { RunOpenCode } from '../../../../libs/coordination/protocol/runs.ts';
import { refOf } from '../watch/reading.ts';
import { watch } from '../watch/watch.ts';
import type { CoordinatorHarness, OpenCoordinator } from './harness.ts';
import { Cast, type ModuleShape } from './plan.ts';
import { sweepAll, takeDue } from './sweeping.ts';

export const LEASE_MS = 30_000;
export const HOUR_MS = 3_600_000;
export const FAILURE = '{"code":"test.failed","class":"retryable"}';
/** A threshold that nothing trips. */
export const NEVER: Threshold = { errors: Number.MAX_SAFE_INTEGER };

/** What a holder presents, from the node as it was claimed. */
export const heldBy = (node: ChainNode): Held => ({ node: refOf(node), token: node.token });

/** Opens a coordinator and a run of these modules, and closes it when the test ends. Default: one module, one phase, hop `a`. */
export function openScene(open: OpenCoordinator, ...modules: readonly ModuleShape[]): Promise<Scene> {
  return openCapped(open, {}, ...modules);
}

/** As {@link openScene}, with caps. */
export async function openCapped(
  open: OpenCoordinator,
  caps: Caps,
  ...modules: readonly ModuleShape[]
): Promise<Scene> {
  const harness = await open();
  onTestFinished(() => harness.close());
  const scene = new Scene(harness);
  const opened = await scene.openWith(caps, ...modules);
  expect(opened.code).toBe(RunOpenCode.OPENED);
  return scene;
}

/** Lets the node lose leases until it is a suspect. */
export async function suspectScene(scene: Scene, name: string): Promise<Scene> {
  for (let crash = 0; crash < SUSPECT_AFTER; crash++) {
    await scene.take(name);
    await scene.advance(LEASE_MS);
    await scene.sweep({ crashBudget: Number.MAX_SAFE_INTEGER });
  }
  return scene;
}

export class Scene {
  readonly harness: CoordinatorHarness;
  readonly coordinator: Coordinator;
  readonly runId = `run-${randomUUID()}`;
  readonly cast = new Cast(this.runId);
  #owners = 0;

  constructor(harness: CoordinatorHarness) {
    this.harness = harness;
    this.coordinator = watch(harness.coordinator, this.runId);
  }

  runOpen(...modules: readonly ModuleShape[]) {
    return this.openWith({}, ...modules);
  }

  openWith(caps: Caps, ...modules: readonly ModuleShape[]) {
    const shapes = modules.length === 0 ? [{}] : modules;
    const plans = shapes.map((shape) => this.cast.plan(shape, this.harness.now()));
    return this.coordinator.runOpen({ runId: this.runId, taskId: `task of ${this.runId}`, modules: plans, caps });
  }

  /** A claim as a message would cause it: by a new owner, for the node's epoch, by the stage of its kind. */
  async claim(name: string, overrides: Partial<Omit<ClaimCommand, 'node'>> = {}) {
    const node = this.cast.ref(name);
    const known = await this.coordinator.findNode(node);
    return this.coordinator.claim({
      node,
      epoch: known?.epoch ?? 0,
      owner: this.newOwner(),
      stage: this.cast.seed(name).kind === 'hop' ? 'module-processor' : 'parser',
      leaseMs: LEASE_MS,
      alone: false,
      ...overrides,
    });
  }

  newOwner(): string {
    this.#owners += 1;
    return `owner-${this.#owners}`;
  }

  /** A claim that must succeed. */
  async take(name: string, overrides: Partial<Omit<ClaimCommand, 'node'>> = {}): Promise<ChainNode> {
    const { code, node } = await this.claim(name, overrides);
    expect(code, `the claim of ${name}`).toBe(ClaimCode.EXECUTE);
    return node!;
  }

  commit(holder: ChainNode, children: readonly NodeSeed[] = [], overrides: Partial<CommitCommand> = {}) {
    return this.coordinator.commitSuccess({
      ...heldBy(holder),
      children,
      staged: 0,
      wakeUps: MAX_CHILDREN,
      ...overrides,
    });
  }

  /** Claims and commits; both must succeed. */
  async finish(name: string, children: readonly NodeSeed[] = []) {
    const outcome = await this.commit(await this.take(name), children);
    expect(outcome.code, `the commit of ${name}`).toBe(CommitCode.COMMIT_OK);
    return outcome;
  }

  /** Claims and fails; answers the node as it was claimed. */
  async fail(name: string, overrides: Partial<Omit<ClaimCommand, 'node'>> = {}): Promise<ChainNode> {
    const holder = await this.take(name, overrides);
    const code = await this.coordinator.commitError({ ...heldBy(holder), error: FAILURE });
    expect(code, `the failure of ${name}`).toBe(CommitErrorCode.ERROR_EMIT_OK);
    return holder;
  }

  async decide(name: string, overrides: Partial<Omit<DecideCommand, 'node'>> = {}) {
    const node = this.cast.ref(name);
    return this.coordinator.thresholdDecide({
      node,
      epoch: (await this.coordinator.findNode(node))?.epoch ?? 0,
      fatal: false,
      maxAttempts: 3,
      retryDelayMs: 5_000,
      moduleThreshold: NEVER,
      taskThreshold: NEVER,
      ...overrides,
    });
  }

  /** Ends a node badly: one fatal failure. */
  async kill(name: string): Promise<void> {
    await this.fail(name);
    await this.decide(name, { fatal: true });
    expect((await this.node(name)).state, name).toBe('dead');
  }

  /** What stands due at this instant, taken once and not acted on. */
  due(limit = 100) {
    return takeDue(this.coordinator, this.harness.shards, limit);
  }

  /** Everything that a sweeper does at this instant. */
  sweep(options: { readonly crashBudget?: number; readonly settles?: boolean } = {}) {
    return sweepAll(this.coordinator, { shards: this.harness.shards, crashBudget: 3, settles: true, ...options });
  }

  advance(ms: number): Promise<void> {
    return this.harness.advance(ms);
  }

  async node(name: string): Promise<ChainNode> {
    const node = await this.coordinator.findNode(this.cast.ref(name));
    expect(node, `node ${name}`).toBeDefined();
    return node!;
  }

  async exists(name: string): Promise<boolean> {
    return (await this.coordinator.findNode(this.cast.ref(name))) !== undefined;
  }

  async run(): Promise<RunSnapshot> {
    const run = await this.coordinator.findRun(this.runId);
    expect(run, 'the run').toBeDefined();
    return run!;
  }

  async module(moduleId = 'm'): Promise<ModuleSnapshot> {
    return (await this.run()).modules.find((module) => module.moduleId === moduleId)!;
  }

  async phase(index: number, moduleId = 'm'): Promise<PhaseSnapshot> {
    return (await this.module(moduleId)).phases[index]!;
  }
}
