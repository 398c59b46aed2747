/** A run amid an unreliable bus, workers that die, and a sweeper; every transition is watched for the invariants. */
import { expect } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode, type CommitOutcome, MAX_CHILDREN } from '../../../../libs/coordination/protocol/commits.ts';
import type { Threshold } from '../../../../libs/coordination/protocol/errors.ts';
import type { ChainNode, NodeSeed, NodeState } from '../../../../libs/coordination/protocol/node.ts';
import type { WakeUp } from '../../../../libs/coordination/protocol/outcome.ts';
import type { Coordinator } from '../../../../libs/coordination/protocol/port.ts';
import type { HarnessOf } from '../scene/harness.ts';
import { heldBy, LEASE_MS, NEVER } from '../scene/scene.ts';
import { actOn, takeDue } from '../scene/sweeping.ts';
import { allNodes, refOf, viewRun } from '../watch/reading.ts';
import { watch } from '../watch/watch.ts';
import { childrenOf, planOf, type Shape, usageOf } from './graph.ts';
import type { Tally } from './tally.ts';

const HOUR_MS = 3_600_000;
const ONE_ERROR: Threshold = { errors: 1 };

/** How much a node may endure before it dies. */
export interface Budgets {
  readonly attempts: number;
  readonly crashes: number;
}

export interface CommitStyle {
  readonly twice: boolean;
  readonly staged: boolean;
  readonly handOver: boolean;
  readonly wakeUps: number;
}

export interface DecideStyle {
  readonly twice: boolean;
  readonly fatal: boolean;
  readonly fallback: boolean;
  /** Which threshold one error trips. */
  readonly trips: 'none' | 'module' | 'task';
}

export class World {
  readonly runId: string;
  readonly shape: Shape;
  readonly budgets: Budgets;
  readonly harness: HarnessOf<Coordinator>;
  readonly coordinator: Coordinator;
  /** WakeUps on their way. */
  readonly wakeUps: WakeUp[] = [];
  /** Leases that a living worker holds. */
  readonly held: ChainNode[] = [];
  /** Every lease that was ever given: what zombies present. */
  readonly leases: ChainNode[] = [];
  /** Every call that was ever made, to be sent again. */
  readonly calls: (() => Promise<unknown>)[] = [];
  #owners = 0;

  constructor(harness: HarnessOf<Coordinator>, runId: string, shape: Shape, budgets: Budgets, tally: Tally) {
    this.harness = harness;
    this.runId = runId;
    this.shape = shape;
    this.budgets = budgets;
    this.coordinator = watch(harness.coordinator, runId, (step) => tally.note(step));
  }

  async open(): Promise<void> {
    const { caps } = this.shape;
    const modules = planOf(this.shape, this.runId, this.harness.now());
    const opened = await this.call(true, () => this.coordinator.runOpen({ runId: this.runId, modules, caps }));
    this.wakeUps.push(...opened.wakeUps);
  }

  /** Calls, remembers the call for later and, sent twice, expects that nothing changed the second time. */
  async call<T>(twice: boolean, call: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    const outcome = await call();
    if (!twice) return outcome;
    const once = await viewRun(this.coordinator, this.runId);
    await call();
    expect(await viewRun(this.coordinator, this.runId), 'P3: a call sent again changed the run').toEqual(once);
    return outcome;
  }

  nodesIn(state: NodeState): Promise<ChainNode[]> {
    return allNodes(this.coordinator, { runId: this.runId, state });
  }

  async claim(wakeUp: WakeUp, twice: boolean): Promise<ChainNode | undefined> {
    const owner = this.#newOwner();
    const requestStage = this.#owners % 2 === 0 ? 'parser' : 'downloader';
    const stage = wakeUp.nodeKind === 'hop' ? 'module-processor' : requestStage;
    const claim = { node: wakeUp.node, epoch: wakeUp.epoch, owner, stage, leaseMs: LEASE_MS, alone: false } as const;
    let { code, node } = await this.call(twice, () => this.coordinator.claim(claim));
    if (code === ClaimCode.SUSPECT) {
      const alone = { ...claim, owner: this.#newOwner(), alone: true };
      ({ code, node } = await this.call(twice, () => this.coordinator.claim(alone)));
    }
    if (code !== ClaimCode.EXECUTE || node === undefined) return undefined;
    this.#hold(node);
    return node;
  }

  async commit(holder: ChainNode, style: CommitStyle): Promise<CommitOutcome> {
    const children = childrenOf(this.shape, holder);
    const staged = style.staged && children.length > 0;
    if (staged) await this.stage(holder, children, style.twice);
    const commit = {
      ...heldBy(holder),
      children: staged ? [] : children,
      staged: staged ? children.length : 0,
      wakeUps: style.wakeUps,
      ...(style.handOver ? { handOver: { owner: this.#newOwner(), leaseMs: LEASE_MS } } : {}),
      usage: usageOf(this.shape, holder),
    };
    const outcome = await this.call(style.twice, () => this.coordinator.commitSuccess(commit));
    this.wakeUps.push(...outcome.wakeUps);
    if (style.wakeUps > 0) await this.fill(holder.moduleId, outcome.toFill);
    if (outcome.code === CommitCode.COMMIT_OK && outcome.next !== undefined) this.#hold(outcome.next);
    return outcome;
  }

  /** Fills a window until it has room for no more, as the committer does. */
  async fill(moduleId: string, toFill: number | undefined): Promise<void> {
    const all = { hops: MAX_CHILDREN, requests: MAX_CHILDREN };
    for (let phase = toFill; phase !== undefined; ) {
      const filled = await this.coordinator.windowFill({ runId: this.runId, moduleId, phase, ...all });
      this.wakeUps.push(...filled.wakeUps);
      // A phase that is to be drained lets none in.
      phase = filled.wakeUps.length > 0 ? filled.toFill : undefined;
    }
  }

  stage(holder: ChainNode, children: readonly NodeSeed[], twice: boolean): Promise<unknown> {
    return this.call(twice, () => this.coordinator.stageChildren({ ...heldBy(holder), children }));
  }

  async decide(node: ChainNode, style: DecideStyle): Promise<void> {
    const request = { id: node.prefixRequest, runId: this.runId, moduleId: node.moduleId, phase: node.phase };
    const decision = {
      node: refOf(node),
      epoch: node.epoch,
      fatal: style.fatal,
      maxAttempts: this.budgets.attempts,
      retryDelayMs: 5_000,
      moduleThreshold: style.trips === 'module' ? ONE_ERROR : NEVER,
      taskThreshold: style.trips === 'task' ? ONE_ERROR : NEVER,
      ...(style.fallback && node.prefixRequest !== '' ? { fallback: { request } } : {}),
    };
    this.wakeUps.push(...(await this.call(style.twice, () => this.coordinator.thresholdDecide(decision))).wakeUps);
  }

  /** One look of a sweeper that dies after so many entries. */
  async sweep(limit: number, diesAfter: number): Promise<void> {
    const options = { shards: this.harness.shards, crashBudget: this.budgets.crashes, settles: true };
    const entries = await takeDue(this.coordinator, options.shards, limit);
    for (const entry of entries.slice(0, diesAfter)) {
      this.wakeUps.push(...(await actOn(this.coordinator, entry, options)));
    }
  }

  /** Does what the wake-up asks for, well: claims and commits, or decides. */
  async execute(wakeUp: WakeUp): Promise<void> {
    if (wakeUp.kind === 'error') {
      const node = (await this.nodesIn('failed')).find(({ id }) => id === wakeUp.node.id);
      const style = { twice: false, fatal: false, fallback: true, trips: 'none' } as const;
      if (node !== undefined) await this.decide(node, style);
      return;
    }
    const holder = await this.claim(wakeUp, false);
    if (holder === undefined) return;
    this.held.splice(this.held.indexOf(holder), 1);
    await this.commit(holder, { twice: false, staged: false, handOver: false, wakeUps: MAX_CHILDREN });
  }

  /** Lets the world run without faults until the run is closed; false when it never is. */
  async quiesce(maxTurns: number): Promise<boolean> {
    this.held.length = 0;
    for (let turn = 0; turn < maxTurns; turn++) {
      await this.coordinator.runControl({ runId: this.runId, action: 'resume' });
      await this.sweep(100, Number.POSITIVE_INFINITY);
      for (let wakeUp = this.wakeUps.shift(); wakeUp !== undefined; wakeUp = this.wakeUps.shift())
        await this.execute(wakeUp);
      if ((await this.coordinator.findRun(this.runId))?.state === 'closed') return true;
      await this.harness.advance(HOUR_MS);
    }
    return false;
  }

  #hold(node: ChainNode): void {
    this.held.push(node);
    this.leases.push(node);
  }

  #newOwner(): string {
    this.#owners += 1;
    return `owner-${this.#owners}`;
  }
}
