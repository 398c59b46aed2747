/** What goes wrong, when, and with whom; everything is drawn from the seed, so that a schedule can be had again. */
import { Dice } from '../../examples/shop/site/random.ts';
import type { ServiceName } from '../fixtures/deployment/deployment.ts';

export type Fault =
  /** A process is killed with -9, and started again `downMs` after. */
  | { readonly kind: 'kill'; readonly member: number; readonly downMs: number }
  /** A process is stopped for longer than its leases last, and goes on as if nothing had been. */
  | { readonly kind: 'freeze'; readonly member: number; readonly forMs: number }
  | { readonly kind: 'redis'; readonly downMs: number }
  | { readonly kind: 'nats'; readonly downMs: number; readonly keepsData: boolean }
  /** The server of NATS that leads the stream of requests is killed; two of the three are. */
  | { readonly kind: 'nats_leader'; readonly downMs: number }
  | { readonly kind: 'nats_quorum'; readonly first: number; readonly downMs: number }
  /** The whole stream of requests is thrown away, or everything that waits for any stage. */
  | { readonly kind: 'purge'; readonly what: 'requests' | 'everything' }
  /** For a while every nth message is sent again under a new id, at once and once more after `delayMs`. */
  | { readonly kind: 'duplicate'; readonly nth: number; readonly forMs: number; readonly delayMs: number }
  /** For a while messages are taken out of their streams, and put back `delayMs` later. */
  | { readonly kind: 'delay'; readonly forMs: number; readonly delayMs: number };

export type FaultKind = Fault['kind'];

export type PlannedFault = Fault & { readonly atMs: number };

export interface ChaosPlan {
  readonly layout: keyof typeof LAYOUTS;
  /** The processes, in the order of their start. */
  readonly members: readonly ServiceName[];
  readonly appendfsync: 'always' | 'everysec';
  /** In the order of their times, which count from the first submission. */
  readonly faults: readonly PlannedFault[];
}

export interface PlanOptions {
  readonly seed: number;
  /** For how long faults are injected; 0 is none. */
  readonly forMs: number;
  readonly leaseMs: number;
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

/** One round; the rarest are in it too, so that each round has every kind. */
const ROUND = [
  ...['kill', 'freeze', 'purge', 'duplicate', 'redis', 'freeze', 'nats'],
  ...['nats_leader', 'kill', 'freeze', 'delay', 'nats_quorum', 'freeze', 'kill', 'nats_empty'],
] as const;

/** From one fault to the next, on average. */
const SPACING_MS = 4_000;
/** Work must be under way before the first one. */
const CALM_MS = 2_000;

export function planChaos({ seed, forMs, leaseMs }: PlanOptions): ChaosPlan {
  const dice = new Dice(`${seed}/plan`);
  const layouts = Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[];
  // In turn, so that any three seeds in a row have them all.
  const layout = layouts[seed % layouts.length]!;
  const members = LAYOUTS[layout];
  // All-stage processes keep most requests to themselves.
  const purges = layout === 'two all-stage processes' ? 'everything' : 'requests';
  const kinds = deck(ROUND, dice);
  const victims = deck([...members.keys()], dice);
  const holders = deck(
    [...members.keys()].filter((at) => HOLDERS.has(members[at]!)),
    dice,
  );
  const count = forMs === 0 ? 0 : Math.max(ROUND.length, Math.floor(forMs / SPACING_MS));
  const spacingMs = Math.max(1, (forMs - CALM_MS) / count);
  const faults = Array.from({ length: count }, (_, at): PlannedFault => {
    const atMs = Math.round(CALM_MS + at * spacingMs + dice.between(0, Math.floor(spacingMs / 2)));
    return { ...faultOf(kinds(), { dice, victims, holders, leaseMs, purges }), atMs };
  });
  return { layout, members, appendfsync: dice.pick(['always', 'everysec']), faults };
}

interface Draw {
  readonly dice: Dice;
  readonly victims: () => number;
  readonly holders: () => number;
  readonly leaseMs: number;
  readonly purges: 'requests' | 'everything';
}

function faultOf(kind: (typeof ROUND)[number], { dice, victims, holders, leaseMs, purges }: Draw): Fault {
  switch (kind) {
    case 'kill':
      return { kind, member: victims(), downMs: dice.between(100, 2_000) };
    case 'freeze':
      return { kind, member: holders(), forMs: dice.between(leaseMs * 1.4, leaseMs * 2.5) };
    case 'redis':
      return { kind, downMs: dice.between(200, 2_500) };
    case 'nats':
      return { kind, downMs: dice.between(200, 2_500), keepsData: true };
    case 'nats_empty':
      return { kind: 'nats', downMs: dice.between(200, 2_500), keepsData: false };
    case 'nats_leader':
      return { kind, downMs: dice.between(500, 4_000) };
    case 'nats_quorum':
      return { kind, first: dice.between(0, 2), downMs: dice.between(500, 3_000) };
    case 'purge':
      return { kind, what: purges };
    case 'duplicate':
      return { kind, nth: dice.between(1, 3), forMs: 2_000, delayMs: dice.between(500, 4_000) };
    case 'delay':
      return { kind, forMs: 1_500, delayMs: dice.between(500, 4_000) };
  }
}

/** Deals a shuffled deck, and a newly shuffled one when that is used up. */
function deck<T>(cards: readonly T[], dice: Dice): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...cards];
    return left.splice(dice.between(0, left.length - 1), 1)[0]!;
  };
}
