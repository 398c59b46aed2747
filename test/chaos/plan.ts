/** What goes wrong, when, and with whom; everything is drawn from the seed, so that a schedule can be had again. */
import { Dice } from '../../examples/shop/site/random.ts';
import type { ServiceName } from '../fixtures/deployment/deployment.ts';
import { definitionOf, FAULTS, type Fault } from './faults/index.ts';

export type { FaultKind } from './faults/index.ts';

export type PlannedFault = Fault & { readonly atMs: number };

export interface ChaosPlan {
  readonly layout: keyof typeof LAYOUTS;
  readonly hasMachine: boolean;
  /** The processes, in the order of their start. */
  readonly members: readonly ServiceName[];
  /** By how much the clock of each process is wrong, in milliseconds. */
  readonly skewsMs: readonly number[];
  readonly appendfsync: 'always' | 'everysec';
  /** In the order of their times, which count from the first submission. */
  readonly faults: readonly PlannedFault[];
}

export interface PlanOptions {
  readonly seed: number;
  /** For how long faults are injected; 0 is none. */
  readonly forMs: number;
  readonly leaseMs: number;
  /** Whether the network and the disk fail too. */
  readonly hasMachine: boolean;
}

const EACH: readonly ServiceName[] = ['module-processor', 'error-threshold', 'downloader', 'parser', 'ingress'];

/** Every stage is hosted at least twice. */
const LAYOUTS = {
  'two of each stage': [...EACH, ...EACH],
  'two all-stage processes': ['all', 'all'],
  'one of each stage and an all-stage process': [...EACH, 'all'],
} as const satisfies Readonly<Record<string, readonly ServiceName[]>>;

/** Those that hold leases: whoever is stopped while it holds some comes back as a zombie. */
const HOLDERS: ReadonlySet<ServiceName> = new Set(['module-processor', 'downloader', 'parser', 'all']);

/** One round: every kind that is asked for is in it. */
function roundOf(hasMachine: boolean) {
  return FAULTS.filter(({ isOfMachine = false }) => hasMachine || !isOfMachine).flatMap(({ kind, perRound }) =>
    Array.from({ length: perRound }, (_, nth) => ({ kind, nth })),
  );
}

/** From one fault to the next, on average. */
const SPACING_MS = 4_000;
/** Minutes, as on a machine without time servers. */
const MOST_SKEW_MS = 120_000;
/** Work must be under way before the first one. */
const CALM_MS = 2_000;

export function planChaos({ seed, forMs, leaseMs, hasMachine }: PlanOptions): ChaosPlan {
  const round = roundOf(hasMachine);
  const dice = new Dice(`${seed}/plan`);
  const layouts = Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[];
  // In turn, so that any three seeds in a row have them all.
  const layout = layouts[seed % layouts.length]!;
  const members = LAYOUTS[layout];
  // All-stage processes keep most requests to themselves.
  const purges = layout === 'two all-stage processes' ? 'everything' : 'requests';
  const kinds = deck(round, dice);
  const victims = deck([...members.keys()], dice);
  const holders = deck(
    [...members.keys()].filter((at) => HOLDERS.has(members[at]!)),
    dice,
  );
  const count = forMs === 0 ? 0 : Math.max(round.length, Math.floor(forMs / SPACING_MS));
  const spacingMs = Math.max(1, (forMs - CALM_MS) / count);
  const faults = Array.from({ length: count }, (_, at): PlannedFault => {
    const atMs = Math.round(CALM_MS + at * spacingMs + dice.between(0, Math.floor(spacingMs / 2)));
    const { kind, nth } = kinds();
    const data = definitionOf(kind).draw({ dice, victims, holders, leaseMs, purges }, nth);
    return { kind, ...data, atMs } as PlannedFault;
  });
  const skewsMs = members.map((_, at) => (at % 2 === 1 ? dice.between(-MOST_SKEW_MS, MOST_SKEW_MS) : 0));
  return { layout, members, hasMachine, skewsMs, appendfsync: dice.pick(['always', 'everysec']), faults };
}

/** Deals a shuffled deck, and a newly shuffled one when that is used up. */
function deck<T>(cards: readonly T[], dice: Dice): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...cards];
    return left.splice(dice.between(0, left.length - 1), 1)[0]!;
  };
}
