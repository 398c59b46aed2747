/** What may happen to a run, as data: a failing sequence shrinks to the few operations that matter. */
import fc from 'fast-check';
import type { Windows } from '../scene/harness.ts';

/** `pick` chooses among what is there at that moment; `twice` sends the call again at once. */
export type Operation = { readonly pick: number; readonly twice: boolean } & (
  | { readonly kind: 'deliver'; readonly keep: boolean }
  | { readonly kind: 'lose' }
  | { readonly kind: 'commit'; readonly staged: boolean; readonly handOver: boolean; readonly wakeUps: number }
  | { readonly kind: 'work' }
  | { readonly kind: 'fail' }
  | { readonly kind: 'renew' }
  | { readonly kind: 'release' }
  | { readonly kind: 'handBack' }
  | { readonly kind: 'stage' }
  | { readonly kind: 'pump' }
  | { readonly kind: 'fill'; readonly hops: number; readonly requests: number }
  | { readonly kind: 'zombie' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'again' }
  | { readonly kind: 'decide'; readonly fatal: boolean; readonly fallback: boolean; readonly trips: boolean }
  | { readonly kind: 'retry' }
  | { readonly kind: 'early' }
  | { readonly kind: 'openEarly' }
  | { readonly kind: 'sweep'; readonly limit: number; readonly diesAfter: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'control'; readonly action: 'pause' | 'resume' | 'cancel' }
  | { readonly kind: 'terminate'; readonly task: boolean }
  | { readonly kind: 'close' }
  | { readonly kind: 'replay'; readonly rejoin: boolean }
);

export type OperationKind = Operation['kind'];

const common = { pick: fc.nat({ max: 1_000 }), twice: fc.boolean() };
const rarely = fc.integer({ min: 0, max: 7 }).map((number) => number === 0);

function op<Extra extends object>(
  weight: number,
  kind: OperationKind,
  extra: { [Key in keyof Extra]: fc.Arbitrary<Extra[Key]> },
) {
  return { weight, arbitrary: fc.record({ ...common, kind: fc.constant(kind), ...extra }) as fc.Arbitrary<Operation> };
}

const waits = fc.constantFrom(1, 5_000, 31_000, 61_000, 3_600_000);

/** Windows of a run: with the smallest, most nodes stand ready; with the largest, none does. */
export const windows: fc.Arbitrary<Windows> = fc.constantFrom(
  { hopWindow: 1, requestWindow: 1 },
  { hopWindow: 2, requestWindow: 3 },
  { hopWindow: 4, requestWindow: 2 },
  { hopWindow: 64, requestWindow: 256 },
);

/** Crashes, lost and doubled messages, late callers: nothing that ends a node badly. */
const faults = [
  op(16, 'deliver', { keep: fc.boolean() }),
  op(2, 'lose', {}),
  op(14, 'commit', {
    staged: rarely,
    handOver: fc.boolean(),
    wakeUps: fc.constantFrom(0, 1, 500),
  }),
  op(4, 'work', {}),
  op(3, 'fail', {}),
  op(1, 'renew', {}),
  op(2, 'release', {}),
  op(2, 'handBack', {}),
  op(1, 'stage', {}),
  op(2, 'pump', {}),
  op(2, 'fill', { hops: fc.constantFrom(0, 1, 500), requests: fc.constantFrom(0, 1, 500) }),
  op(4, 'zombie', {}),
  op(4, 'forget', {}),
  op(4, 'again', {}),
  op(3, 'retry', {}),
  op(1, 'early', {}),
  op(1, 'openEarly', {}),
  op(8, 'sweep', { limit: fc.constantFrom(1, 3, 100), diesAfter: fc.constantFrom(0, 1, 2, 100) }),
  op(5, 'advance', { ms: waits }),
];

/** One call to decide that never kills, and one that may do anything. */
const mildDecision = op(6, 'decide', { fatal: fc.constant(false), fallback: fc.boolean(), trips: fc.constant(false) });
const anyDecision = op(8, 'decide', { fatal: rarely, fallback: fc.boolean(), trips: rarely });

const interventions = [
  anyDecision,
  op(4, 'fail', {}),
  op(1, 'control', { action: fc.constantFrom('pause' as const, 'resume' as const, 'resume' as const) }),
  op(3, 'replay', { rejoin: fc.boolean() }),
];

const ends = [
  op(1, 'control', { action: fc.constant('cancel' as const) }),
  op(1, 'terminate', { task: fc.boolean() }),
  op(1, 'close', {}),
];

// Without bias: short sequences come by shrinking, long ones find things.
const sequenceOf = (operation: fc.Arbitrary<Operation>) =>
  fc.noBias(fc.array(operation, { maxLength: 100, size: 'max' }));

/** Every node may still end well. */
export const faultyOperations = sequenceOf(fc.oneof(...faults, mildDecision));

/** Nodes die and are replayed, runs are paused; in half of the sequences scopes are ended too. */
export const anyOperations = fc.oneof(
  sequenceOf(fc.oneof(...faults, ...interventions)),
  sequenceOf(fc.oneof(...faults, ...interventions, ...ends)),
);
