/** What each operation does to the world. One that finds nothing to act on does nothing. */

import type { ChainNode } from '../../../../libs/coordination/protocol/node.ts';
import type { WakeUp } from '../../../../libs/coordination/protocol/outcome.ts';
import { FAILURE, heldBy, LEASE_MS } from '../scene/scene.ts';
import { refOf } from '../watch/reading.ts';
import { childrenOf } from './graph.ts';
import type { Operation, OperationKind } from './operations.ts';
import type { World } from './world.ts';

type Plays = {
  readonly [Kind in OperationKind]: (world: World, operation: Extract<Operation, { kind: Kind }>) => Promise<void>;
};

const ZOMBIE_COMMIT = { twice: false, handOver: true, wakeUps: 1 };

const PLAYS: Plays = {
  async deliver(world, { pick, keep, twice }) {
    const wakeUp = keep ? at(world.wakeUps, pick) : take(world.wakeUps, pick);
    if (wakeUp !== undefined && wakeUp.kind !== 'error') await world.claim(wakeUp, twice);
  },
  async lose(world, { pick }) {
    take(world.wakeUps, pick);
  },
  async commit(world, operation) {
    const holder = await takeHolder(world, operation);
    if (holder !== undefined) await world.commit(holder, operation);
  },
  async work(world, { pick }) {
    for (let left = 10; left > 0 && world.wakeUps.length > 0; left--) await world.execute(take(world.wakeUps, pick)!);
  },
  async fail(world, { pick, twice }) {
    const holder = await takeHolder(world, { pick, twice });
    if (holder === undefined) return;
    await world.call(twice, () => world.coordinator.commitError({ ...heldBy(holder), error: FAILURE }));
    world.wakeUps.push(wakeUpOf(holder, 'error'));
  },
  async renew(world, { pick, twice }) {
    const holder = at(world.held, pick);
    if (holder === undefined) return;
    await world.call(twice, () => world.coordinator.renew({ ...heldBy(holder), leaseMs: LEASE_MS }));
  },
  async release(world, { pick, twice }) {
    const holder = at(world.held, pick);
    if (holder?.kind !== 'request') return;
    take(world.held, pick);
    await world.call(twice, () => world.coordinator.release(heldBy(holder)));
    world.wakeUps.push(wakeUpOf(holder, 'request'));
  },
  async handBack(world, { pick, twice }) {
    const holder = take(world.held, pick);
    if (holder === undefined) return;
    const handBack = { ...heldBy(holder), crashBudget: 1, isHandedBack: true };
    world.wakeUps.push(...(await world.call(twice, () => world.coordinator.recoverZombie(handBack))).wakeUps);
  },
  async stage(world, { pick, twice }) {
    const holder = at(world.held, pick);
    const children = holder === undefined ? [] : childrenOf(world.shape, holder);
    if (holder !== undefined && children.length > 0) await world.stage(holder, children.slice(0, 1), twice);
  },
  async pump(world, { pick }) {
    const node = at(await world.nodesIn('releasing'), pick);
    if (node === undefined) return;
    world.wakeUps.push(...(await world.coordinator.childrenPump({ node: refOf(node), wakeUps: 1 })).wakeUps);
  },
  async fill(world, { pick, hops, requests, twice }) {
    const moduleId = `m${pick % world.shape.modules}`;
    const phase = (pick >> 1) % world.shape.phases;
    const fill = { runId: world.runId, moduleId, phase, hops, requests };
    // Not the same call twice: what there is room for changes by the first.
    for (let calls = twice ? 2 : 1; calls > 0; calls--) {
      world.wakeUps.push(...(await world.coordinator.windowFill(fill)).wakeUps);
    }
  },
  async zombie(world, { pick }) {
    const holder = at(world.leases, pick >> 2);
    if (holder === undefined) return;
    const held = heldBy(holder);
    const calls: readonly (() => Promise<unknown>)[] = [
      () => world.commit(holder, { ...ZOMBIE_COMMIT, staged: pick % 8 > 3 }),
      () => world.coordinator.commitError({ ...held, error: FAILURE }),
      () => world.coordinator.renew({ ...held, leaseMs: LEASE_MS }),
      () => world.coordinator.release(held),
      () => world.coordinator.recoverZombie({ ...held, crashBudget: 1, isHandedBack: true }),
    ];
    await calls[pick % calls.length]!();
  },
  async forget(world, { pick }) {
    take(world.held, pick);
  },
  async again(world, { pick }) {
    await at(world.calls, pick)?.();
  },
  async decide(world, { pick, twice, fatal, fallback, trips }) {
    // Now and then a late wake-up asks for a decision on what was once leased.
    const node = pick % 16 === 0 ? at(world.leases, pick) : at(await world.nodesIn('failed'), pick);
    const scope = pick % 3 === 0 ? 'task' : 'module';
    if (node !== undefined) await world.decide(node, { twice, fatal, fallback, trips: trips ? scope : 'none' });
  },
  async retry(world, { pick, twice }) {
    const node = at(await world.nodesIn('failed'), pick);
    if (node === undefined) return;
    const retry = { node: refOf(node), delayMs: 1_000, maxAttempts: world.budgets.attempts };
    await world.call(twice, () => world.coordinator.retrySchedule(retry));
  },
  async openEarly(world, { pick, twice }) {
    const moduleId = `m${pick % world.shape.modules}`;
    const open = () => world.coordinator.earlyOpen({ runId: world.runId, moduleId });
    world.wakeUps.push(...(await world.call(twice, open)).wakeUps);
  },
  async early({ runId, coordinator }, { twice }) {
    const node = { id: `${runId}.m0.1.0#0`, runId, moduleId: 'm0', phase: 0 };
    await coordinator.reorderEnqueue({ node, epoch: 0, response: 'early' });
    if (twice) await coordinator.reorderEnqueue({ node, epoch: 0, response: 'late' });
  },
  async sweep(world, { limit, diesAfter }) {
    await world.sweep(limit, diesAfter);
  },
  async advance(world, { ms }) {
    await world.harness.advance(ms);
  },
  async control(world, { action, twice }) {
    await world.call(twice, () => world.coordinator.runControl({ runId: world.runId, action }));
  },
  async terminate(world, { task, pick, twice }) {
    const scope = task ? {} : { moduleId: moduleAt(world, pick) };
    const mark = { runId: world.runId, reason: 'operator', ...scope };
    await world.call(twice, () => world.coordinator.terminateMark(mark));
  },
  async close(world, { pick, twice }) {
    const moduleId = moduleAt(world, pick);
    const run = await world.coordinator.findRun(world.runId);
    const current = run?.modules.find((module) => module.moduleId === moduleId)?.currentPhase ?? 0;
    const scope = { runId: world.runId, moduleId, phase: pick % 5 === 0 ? 0 : current };
    world.wakeUps.push(...(await world.call(twice, () => world.coordinator.phaseClose(scope))).wakeUps);
  },
  async replay(world, { pick, rejoin, twice }) {
    const node = at(await world.nodesIn('dead'), pick);
    if (node === undefined) return;
    const replay = { node: refOf(node), rejoin };
    world.wakeUps.push(...(await world.call(twice, () => world.coordinator.replay(replay))).wakeUps);
  },
};

export function play(world: World, operation: Operation): Promise<void> {
  // The table holds, per kind, a play for that kind of operation; the compiler cannot follow a look-up by union.
  const one = PLAYS[operation.kind] as (world: World, operation: Operation) => Promise<void>;
  return one(world, operation);
}

/** Who holds a lease, or takes one now. */
async function takeHolder(world: World, { pick, twice }: { readonly pick: number; readonly twice: boolean }) {
  const wakeUp = world.held.length === 0 ? take(world.wakeUps, pick) : undefined;
  if (wakeUp !== undefined && wakeUp.kind !== 'error') await world.claim(wakeUp, twice);
  return take(world.held, pick);
}

function wakeUpOf(node: ChainNode, kind: WakeUp['kind']): WakeUp {
  const { stepIdx, prefixRequest, epoch, dispatches, attempts, limitKey = '' } = node;
  const what = { stepIdx, prefixRequest, epoch, attempts, limitKey, nodeKind: node.kind };
  return { kind, node: refOf(node), dispatch: dispatches, error: FAILURE, ...what };
}

function moduleAt(world: World, pick: number): string {
  return `m${pick % world.shape.modules}`;
}

function at<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

function take<T>(list: T[], pick: number): T | undefined {
  return list.splice(pick % Math.max(1, list.length), 1)[0];
}
