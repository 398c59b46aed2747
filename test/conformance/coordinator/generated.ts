import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChainNode } from '../../../libs/coordination/protocol/node.ts';
import type { RunSnapshot } from '../../../libs/coordination/protocol/reads.ts';
import { closureOf, type Shape, shapes } from './generated/graph.ts';
import { anyOperations, faultyOperations, type Operation, windows } from './generated/operations.ts';
import { play } from './generated/play.ts';
import { Tally } from './generated/tally.ts';
import { type Budgets, World } from './generated/world.ts';
import type { OpenCoordinator, SuiteOptions } from './scene/harness.ts';
import { allNodes } from './watch/reading.ts';

/** Turns in which a world without faults must come to its end; the longest path of a graph is far shorter. */
const MAX_TURNS = 200;
const PATIENT: Budgets = { attempts: 1_000, crashes: 1_000 };
const STRICT: Budgets = { attempts: 2, crashes: 3 };
/** Enough sequences for each code to be met; with fewer, the vacuity guard says nothing. */
const TELLING = 200;

/** What its graph asks for is what a run without caps makes. */
const uncapped = shapes.map((shape): Shape => ({ ...shape, caps: {} }));

export function describeGenerated(open: OpenCoordinator, { sequences, seed }: SuiteOptions): void {
  const timeoutMs = 30_000 + 500 * sequences;
  const parameters = { numRuns: sequences, seed, endOnFailure: false };

  describe(`generated sequences (${sequences})`, () => {
    it(
      'P1, I6: whatever is lost, doubled, late or crashes: the run closes with what its graph asks for, no more, no less',
      async () => {
        const tally = new Tally();
        const property = fc.asyncProperty(uncapped, windows, faultyOperations, async (shape, sizes, operations) => {
          await inWorld(
            () => open(sizes),
            { shape, budgets: PATIENT, tally },
            async (world) => {
              await playAndClose(world, operations);
              const nodes = await allNodes(world.coordinator, { runId: world.runId });
              expect(nodes.filter((node) => node.state !== 'done').map(describeNode)).toEqual([]);
              expectClosure(world, nodes);
              expectWholePhases(nodes);
            },
          );
        });
        await fc.assert(property, parameters);
        if (sequences >= TELLING) expect(tally.missing(FAULTS), 'never happened').toEqual([]);
      },
      timeoutMs,
    );

    it(
      'I1–I5, I7, I8: whatever dies, is paused, ended or replayed: the invariants hold after each step, and the run closes',
      async () => {
        const tally = new Tally();
        const property = fc.asyncProperty(
          shapes,
          windows,
          anyOperations,
          anyOperations,
          async (shape, sizes, before, after) => {
            await inWorld(
              () => open(sizes),
              { shape, budgets: STRICT, tally },
              async (world) => {
                await playAndClose(world, before);
                await playAndClose(world, after);
                const nodes = await allNodes(world.coordinator, { runId: world.runId });
                if (!isClean((await world.coordinator.findRun(world.runId))!, nodes)) return;
                expectClosure(world, nodes);
                expectWholePhases(nodes);
              },
            );
          },
        );
        await fc.assert(property, parameters);
        if (sequences >= TELLING) expect(tally.missing(EVERYTHING), 'never happened').toEqual([]);
      },
      timeoutMs,
    );
  });
}

/** Codes that a telling set of sequences meets. */
const FAULTS = {
  runOpen: [0, 1],
  claim: [0, 1, 2, 4, 7, 8],
  renew: [0, 1],
  release: [0, 1],
  stageChildren: [0, 1],
  commitSuccess: [0, 1, 3],
  commitError: [0, 1, 2],
  recoverZombie: [0],
  reorderEnqueue: [0, 1],
  thresholdDecide: ['none', 'fallback', 1],
  retrySchedule: [0, 1],
  childrenPump: [0],
  windowFill: ['answered'],
  runSettle: [0],
};

const EVERYTHING = {
  ...FAULTS,
  claim: [0, 1, 2, 4, 5, 6, 7, 8],
  commitSuccess: [0, 1, 2, 3],
  thresholdDecide: ['none', 'fallback', 'dead', 1, 2, 3],
  retrySchedule: [0, 1, 2],
  terminateMark: [0, 1],
  runControl: [0, 1, 2],
  phaseClose: [0, 1],
  earlyOpen: [0, 1],
  scopeDrain: [0],
  replay: [0, 1, 2],
};

async function inWorld(
  open: OpenCoordinator,
  scene: { readonly shape: Shape; readonly budgets: Budgets; readonly tally: Tally },
  act: (world: World) => Promise<void>,
): Promise<void> {
  const harness = await open();
  try {
    const world = new World(harness, `run-${randomUUID()}`, scene.shape, scene.budgets, scene.tally);
    await world.open();
    await act(world);
  } finally {
    await harness.close();
  }
}

/** Plays, then lets the faults stop: the run must close (I8), and an audit finds no drift. */
async function playAndClose(world: World, operations: readonly Operation[]): Promise<void> {
  for (const operation of operations) await play(world, operation);
  const closed = await world.quiesce(MAX_TURNS);
  if (!closed) {
    const nodes = await allNodes(world.coordinator, { runId: world.runId });
    const open = nodes.filter((node) => node.dueAtMs > 0).map(describeNode);
    throw new Error(`I8 the run never closes; still open: ${open.join(', ') || 'no node'}`);
  }
  expect((await world.coordinator.runAudit({ runId: world.runId })).drift).toEqual([]);
}

/** No node is missing, made up, or there twice. */
function expectClosure(world: World, nodes: readonly ChainNode[]): void {
  const wanted = closureOf(world.shape, world.runId);
  const made = nodes.map((node) => node.id);
  expect(new Set(made).size, 'a node twice').toBe(made.length);
  expect(
    [...wanted].filter((id) => !made.includes(id)),
    'lost',
  ).toEqual([]);
  expect(
    made.filter((id) => !wanted.has(id)),
    'phantoms',
  ).toEqual([]);
}

/** The last word of each compute hop is what it made of whole phases. */
function expectWholePhases(nodes: readonly ChainNode[]): void {
  const early = nodes.filter(({ kind, stepIdx, isEarly }) => kind === 'hop' && stepIdx % 2 === 0 && isEarly);
  expect(early.map(describeNode), 'computed while an earlier phase was open').toEqual([]);
}

function isClean(run: RunSnapshot, nodes: readonly ChainNode[]): boolean {
  if ((run.capUse?.reached.length ?? 0) > 0) return false;
  const settled = run.modules.every(
    ({ state, phases }) => state === 'done' && phases.every(({ closed }) => closed === 'settled'),
  );
  return settled && nodes.every(({ state }) => state === 'done');
}

function describeNode({ id, state, deathReason, epoch, attempts, crashes, dueAtMs }: ChainNode): string {
  return `${id} ${state} ${deathReason} (epoch ${epoch}, ${attempts} attempts, ${crashes} crashes, due ${dueAtMs})`;
}
