import type { Backlog } from '../../../../libs/coordination/protocol/backlog.ts';
import type { CoordinatorPolicy } from '../../../../libs/coordination/protocol/policy.ts';
import type { Coordinator } from '../../../../libs/coordination/protocol/port.ts';

/** A coordinator under test, empty when it is opened, with a clock that only the test moves. */
export interface HarnessOf<Tested extends Coordinator> {
  readonly coordinator: Tested;
  readonly policy: CoordinatorPolicy;
  /** How many shards there are to sweep; one in single-node mode. */
  readonly shards: number;
  /** The coordinator's clock, Unix milliseconds. It stands still between two calls of `advance`. */
  now(): number;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** An adapter under test. */
export type CoordinatorHarness = HarnessOf<Coordinator & Backlog>;

/** Opens a coordinator that shares nothing with any other; `windows` replaces those of the default policy. */
export type OpenCoordinator = (windows?: Windows) => Promise<CoordinatorHarness>;

export type Windows = Pick<CoordinatorPolicy, 'hopWindow' | 'requestWindow'>;

export interface SuiteOptions {
  /** Generated sequences per property. */
  readonly sequences: number;
  /** Where generation starts; a failure names the seed and the path that replay it. */
  readonly seed: number;
}
