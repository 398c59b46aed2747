/** What each extra operation does. One that finds nothing to act on does nothing. */
import { SUSPECT_AFTER } from '../../../libs/coordination/protocol/claims.ts';
import { MAX_CHILDREN } from '../../../libs/coordination/protocol/commits.ts';
import type { DecideCommand } from '../../../libs/coordination/protocol/errors.ts';
import type { ChainNode, NodeRef, NodeSeed } from '../../../libs/coordination/protocol/node.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { childrenOf } from '../coordinator/generated/graph.ts';
import type { World } from '../coordinator/generated/world.ts';
import { FAILURE, heldBy, LEASE_MS, NEVER } from '../coordinator/scene/scene.ts';
import { allNodes, refOf } from '../coordinator/watch/reading.ts';
import type { Extra, ExtraKind } from './operations.ts';
import { compareReads } from './reads.ts';
import type { Twin } from './twin.ts';
import { callUnknown } from './unknown.ts';

export interface Stage {
  readonly world: World;
  readonly twin: Twin;
}

type Plays = {
  readonly [Kind in ExtraKind]: (stage: Stage, extra: Extract<Extra, { kind: Kind }>) => Promise<unknown>;
};

const PLAYS: Plays = {
  async resend({ world, twin }, { pick }) {
    const past = at(twin.past, pick);
    if (past === undefined || past.name === 'runPurge') return;
    const method = world.coordinator[past.name] as (command: unknown) => Promise<unknown>;
    await orRefused(method(past.command));
  },
  async claimAny({ world }, { pick, epochOffset, stage, alone }) {
    const node = await anyNode(world, pick);
    if (node === undefined) return;
    // Often the owner of the node's own lease, whose answer was lost.
    const owner = pick % 3 === 0 && node.owner !== '' ? node.owner : `late-${pick}`;
    const epoch = node.epoch + epochOffset;
    await world.coordinator.claim({ node: refOf(node), epoch, owner, stage, leaseMs: 1_000 + pick, alone });
  },
  async decideAny({ world }, { pick, errors, cools, attempts }) {
    const node = (await failedNode(world, pick)) ?? (await anyNode(world, pick));
    if (node === undefined) return;
    const rate = { rate: errors / 4, minExecutions: errors };
    const decision = {
      ...mild(node),
      epoch: node.epoch - (pick % 7 === 0 ? 1 : 0),
      maxAttempts: attempts,
      retryDelayMs: pick % 5 === 0 ? -1 : pick,
      moduleThreshold: pick % 2 === 0 ? rate : { errors },
      taskThreshold: pick % 2 === 0 ? { errors: errors + 1 } : rate,
      ...(pick % 3 === 0 ? { beside: { executions: pick % 6, errors: pick % 4 } } : {}),
      ...(cools ? { cooldown: { errors: 1 + (errors % 2), ms: 45_000 } } : {}),
    };
    world.wakeUps.push(
      ...(await world.call(pick % 4 === 0, () => world.coordinator.thresholdDecide(decision))).wakeUps,
    );
  },
  async fallbackAny({ world }, { pick }) {
    const node = await failedNode(world, pick);
    if (node === undefined) return;
    const candidates = (await allOf(world)).filter(({ moduleId }) => moduleId === node.moduleId);
    const request = pick % 8 === 0 ? unknownRef(world) : refOf(at(candidates, pick >> 3) ?? node);
    const decision = { ...mild(node), fallback: { request } };
    world.wakeUps.push(...(await world.coordinator.thresholdDecide(decision)).wakeUps);
  },
  async retryAny({ world }, { pick, attempts }) {
    const node = at(await world.nodesIn('failed'), pick) ?? (await anyNode(world, pick));
    if (node === undefined) return;
    const retry = { node: refOf(node), delayMs: pick, maxAttempts: attempts };
    await world.call(pick % 4 === 0, () => world.coordinator.retrySchedule(retry));
  },
  async recoverAny({ world }, { pick, budget }) {
    const node = await anyNode(world, pick);
    if (node === undefined) return;
    // One lease in four is over before its time: its holder is gone, or hands it back.
    const early = pick % 4 === 1 && node.token !== '' ? { token: node.token, isHandedBack: pick % 8 === 1 } : {};
    const recover = { node: refOf(node), crashBudget: budget, ...early };
    world.wakeUps.push(...(await world.call(pick % 4 === 0, () => world.coordinator.recoverZombie(recover))).wakeUps);
  },
  /** Lets a node lose leases until it is a suspect, then claims it among others and alone. */
  async suspectAny({ world }, { pick }) {
    const pending = at(await world.nodesIn('pending'), pick);
    const node = pending ?? (await anyNode(world, pick));
    if (node === undefined) return;
    const claim = (epoch: number, alone: boolean) =>
      world.coordinator.claim({
        ...{ node: refOf(node), epoch, owner: `suspect-${pick}-${epoch}-${alone}`, stage: 'parser' },
        ...{ leaseMs: 1, alone },
      });
    for (let crash = 0; crash < SUSPECT_AFTER; crash++) {
      await claim(node.epoch + crash, pick % 2 === 0);
      await world.harness.advance(1);
      await world.coordinator.recoverZombie({ node: refOf(node), crashBudget: 9 });
    }
    for (const alone of [false, true]) await claim(node.epoch + SUSPECT_AFTER, alone);
  },
  async pumpAny({ world }, { pick, wakeUps }) {
    const node = at(await world.nodesIn('releasing'), pick) ?? (await anyNode(world, pick));
    if (node === undefined) return;
    world.wakeUps.push(...(await world.coordinator.childrenPump({ node: refOf(node), wakeUps })).wakeUps);
  },
  async drainAny({ world }, { pick, limit }) {
    const scope = anyScope(world, pick);
    for (let left = 100; left > 0; left--) {
      // Which nodes a batch takes is nobody's promise: as many as there are, or more.
      const open = (await allOf(world)).filter(({ dueAtMs }) => dueAtMs > 0).length;
      if (!(await world.coordinator.scopeDrain({ ...scope, limit: Math.max(limit, open + 1) })).more) return;
    }
  },
  async settle({ world }) {
    await world.coordinator.runSettle({ runId: world.runId });
  },
  async audit({ world }) {
    await world.coordinator.runAudit({ runId: world.runId });
  },
  async early({ world }, { pick }) {
    const node = pick % 2 === 0 ? unknownRef(world) : { ...unknownRef(world), id: `${world.runId}.m0.1.${pick % 5}#0` };
    await world.coordinator.reorderEnqueue({ node, epoch: 0, response: `early ${pick}` });
  },
  async replayAny({ world }, { pick, rejoin }) {
    const node = await anyNode(world, pick);
    if (node === undefined) return;
    world.wakeUps.push(...(await world.coordinator.replay({ node: refOf(node), rejoin })).wakeUps);
  },
  async wrongChildren({ world }, { pick, how, stages }) {
    const holder = at(world.held, pick);
    if (holder === undefined) return;
    const children = await oddChildren(world, holder, how, pick);
    if (stages) await orRefused(world.coordinator.stageChildren({ ...heldBy(holder), children }));
    else
      await orRefused(world.coordinator.commitSuccess({ ...heldBy(holder), children, staged: 0, wakeUps: pick % 3 }));
  },
  async wrongCount({ world }, { pick }) {
    const holder = at(world.held, pick);
    if (holder === undefined) return;
    await world.coordinator.commitSuccess({ ...heldBy(holder), children: [], staged: 1 + (pick % 3), wakeUps: 1 });
  },
  async wrongToken({ world }, { pick }) {
    const node = await anyNode(world, pick);
    if (node === undefined) return;
    const token = ['', '1.1.00000000', 'nobody', '\u0000'][pick % 4]!;
    const held = { node: refOf(node), token };
    await world.coordinator.renew({ ...held, leaseMs: LEASE_MS });
    await world.coordinator.release(held);
    await world.coordinator.stageChildren({ ...held, children: [] });
    await world.coordinator.commitError({ ...held, error: '{}' });
    await world.coordinator.commitSuccess({ ...held, children: [], staged: 0, wakeUps: 0 });
  },
  unknown: ({ world }, { pick }) => callUnknown(world.coordinator, anyScope(world, pick), unknownRef(world)),
  read: ({ world, twin }, { limit }) => compareReads(twin, world.runId, limit),
  cool: ({ world }, { ms }) => world.harness.advance(ms),
};

export function playExtra(stage: Stage, extra: Extra): Promise<unknown> {
  // The table holds, per kind, a play for that kind; the compiler cannot follow a look-up by union.
  const one = PLAYS[extra.kind] as (stage: Stage, extra: Extra) => Promise<unknown>;
  return one(stage, extra);
}

/** What no well-behaved holder would hand over. */
async function oddChildren(world: World, holder: ChainNode, how: string, pick: number): Promise<NodeSeed[]> {
  const children = childrenOf(world.shape, holder);
  const model = children[0] ?? { ...seedOf(holder), id: `${holder.id}~${pick}` };
  switch (how) {
    case 'back':
      return [...children, { ...model, phase: holder.phase - 1 }];
    case 'beyond':
      return [...children, { ...model, phase: world.shape.phases }];
    case 'twice':
      return [...children, ...children];
    case 'many':
      return Array.from({ length: MAX_CHILDREN + 1 }, (_, index) => ({ ...model, id: `${model.id}~${index}` }));
    default:
      return (await allOf(world))
        .filter(({ moduleId, phase }) => moduleId === holder.moduleId && phase >= holder.phase)
        .map(seedOf);
  }
}

function seedOf({ id, kind, phase, stepIdx, prefixRequest, body }: ChainNode): NodeSeed {
  return { id, kind, phase, stepIdx, prefixRequest, body };
}

function mild(node: ChainNode): DecideCommand {
  const limits = { maxAttempts: 3, retryDelayMs: 5_000, moduleThreshold: NEVER, taskThreshold: NEVER };
  return { node: refOf(node), epoch: node.epoch, fatal: false, ...limits };
}

/** A refusal is an answer: the same of both sides. */
async function orRefused(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof CatenaError)) throw error;
  }
}

function allOf(world: World): Promise<ChainNode[]> {
  return allNodes(world.coordinator, { runId: world.runId });
}

/** One that waits for its decision; where there is none, somebody who holds a lease fails. */
async function failedNode(world: World, pick: number): Promise<ChainNode | undefined> {
  const holder = (await world.nodesIn('failed')).length === 0 ? world.held.pop() : undefined;
  if (holder !== undefined) await world.coordinator.commitError({ ...heldBy(holder), error: FAILURE });
  return at(await world.nodesIn('failed'), pick);
}

async function anyNode(world: World, pick: number): Promise<ChainNode | undefined> {
  const nodes = await allOf(world);
  // By name: the order in which nodes came into being is not the same in every coordinator.
  return at(
    nodes.sort((one, other) => (one.id < other.id ? -1 : 1)),
    pick,
  );
}

function anyScope(world: World, pick: number) {
  const phase = (pick >> 2) % world.shape.phases;
  return { runId: world.runId, moduleId: `m${pick % world.shape.modules}`, phase };
}

function unknownRef({ runId }: World): NodeRef {
  return { id: `${runId}.nobody`, runId, moduleId: 'm0', phase: 0 };
}

function at<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}
