/** Whether two coordinators are one in all that is promised: generated runs, driven on both at once. */
import fc from 'fast-check';
import { defaultPolicy } from '../../../libs/coordination/protocol/policy.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import { planOf, type Shape, shapes } from '../coordinator/generated/graph.ts';
import { anyOperations, type Operation, windows } from '../coordinator/generated/operations.ts';
import { play } from '../coordinator/generated/play.ts';
import { Tally } from '../coordinator/generated/tally.ts';
import { World } from '../coordinator/generated/world.ts';
import type { Windows } from '../coordinator/scene/harness.ts';
import type { Extra, PlacedExtra } from './operations.ts';
import { interleave, placedExtras } from './operations.ts';
import { type PhaseRules, phaseRules, withRules } from './plans.ts';
import { playExtra, type Stage } from './plays.ts';
import { Twin, type TwinOptions } from './twin.ts';

/** Two coordinators for one run, on one clock. */
export interface Pair extends Omit<TwinOptions, 'patienceMs' | 'runId'> {
  readonly advance: (ms: number) => void;
  /** Called when the run has been purged: rejects when a side keeps anything of it, or has published other events. */
  readonly finish?: (eventIds: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export type OpenPair = (runId: string, windows: Windows) => Promise<Pair>;

export interface Scenario {
  readonly shape: Shape;
  readonly windows: Windows;
  readonly rules: readonly PhaseRules[];
  readonly operations: readonly Operation[];
  readonly extras: readonly PlacedExtra[];
  /** Nodes per batch of the purge. */
  readonly purgeLimit: number;
}

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  shape: shapes,
  windows,
  rules: phaseRules,
  operations: anyOperations,
  extras: placedExtras,
  purgeLimit: fc.constantFrom(1, 3, 100),
});

/** Turns in which a world without faults must come to its end. */
const MAX_TURNS = 200;
const BUDGETS = { attempts: 2, crashes: 2 };
/** Twice the longest grace: no side may be silent for longer about what is due. */
const PATIENCE_MS = 120_000;

/** Plays one scenario on the pair; throws at the first difference or violation. */
export async function playScenario(pair: Pair, runId: string, scenario: Scenario, tally = new Tally()): Promise<void> {
  const twin = new Twin({ ...pair, runId, patienceMs: PATIENCE_MS });
  const stage = { twin, world: openWorld(pair, twin.coordinator, runId, scenario, tally) };
  const { world } = stage;
  const modules = withRules(planOf(scenario.shape, runId, pair.now()), scenario.rules, pair.now());
  world.wakeUps.push(
    ...(await world.call(true, () => world.coordinator.runOpen({ runId, modules, caps: scenario.shape.caps }))).wakeUps,
  );
  for (const operation of interleave(scenario.operations, scenario.extras)) await playOne(stage, operation);
  if (!(await world.quiesce(MAX_TURNS))) throw new Error('I8 the run never closes');
  await world.coordinator.runAudit({ runId });
  while ((await twin.coordinator.runPurge({ runId, limit: scenario.purgeLimit })).more);
  await pair.finish?.(twin.eventIds);
}

function openWorld(pair: Pair, coordinator: Coordinator, runId: string, { shape }: Scenario, tally: Tally): World {
  const harness = {
    coordinator,
    policy: defaultPolicy,
    shards: 1,
    now: pair.now,
    advance: async (ms: number) => pair.advance(ms),
    close: pair.close,
  };
  return new World(harness, runId, shape, BUDGETS, tally);
}

async function playOne(stage: Stage, operation: Operation | Extra): Promise<void> {
  await (isExtra(operation) ? playExtra(stage, operation) : play(stage.world, operation));
}

/** The two vocabularies share one word, `early`; the usual operation has `twice`. */
function isExtra(operation: Operation | Extra): operation is Extra {
  return !('twice' in operation);
}

export interface DifferentialOptions {
  readonly open: OpenPair;
  readonly sequences: number;
  readonly seed: number;
  readonly tally?: Tally;
  /** Whether a failing scenario is reduced to what matters; default true. */
  readonly shrinks?: boolean;
  /** Told of the first difference at once: reducing it may take minutes. */
  readonly onFirst?: (difference: unknown) => void;
}

/** Plays so many generated scenarios, each on a fresh run; rejects with the shrunk one that shows a difference. */
export async function assertEqualCoordinators(options: DifferentialOptions): Promise<void> {
  const { open, sequences, seed, tally, shrinks = true, onFirst } = options;
  let isFirst = true;
  let runs = 0;
  const property = fc.asyncProperty(scenarios, async (scenario) => {
    runs += 1;
    const runId = `run-${seed}-${runs}`;
    const pair = await open(runId, scenario.windows);
    try {
      await playScenario(pair, runId, scenario, tally);
    } catch (error) {
      if (isFirst) onFirst?.(error);
      isFirst = false;
      throw error;
    } finally {
      await pair.close();
    }
  });
  await fc.assert(property, { numRuns: sequences, seed, endOnFailure: !shrinks });
}
