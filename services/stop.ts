/** How the stages of a process stop: they take no more work, finish what runs, and hand back what does not end in time. */
import { within } from '../libs/concurrency/within.ts';
import { type HandBackDeps, handBackAll } from '../libs/stage/execution/hand-back.ts';
import type { LeaseKeeper } from '../libs/stage/execution/lease.ts';
import type { Solitude } from '../libs/stage/execution/solitude.ts';
import type { Sweeper } from '../libs/stage/maintenance/sweeper.ts';
import type { Publisher } from '../libs/stage/messages/publisher.ts';

/** A stage that takes work. */
export interface Running {
  /** Takes no more work; resolves when all running executions have ended. Idempotent. */
  stop(): Promise<void>;
  readonly inFlight: number;
}

export interface Drain {
  /** How long running executions may take. */
  readonly drainMs: number;
  /** Other work that ends within the same time, such as open calls. */
  readonly others?: readonly (Promise<unknown> | undefined)[];
}

interface StopParts {
  readonly running: readonly Running[];
  readonly sweeper: Pick<Sweeper, 'stop'>;
  readonly publisher: Publisher;
  readonly leases: LeaseKeeper;
  readonly solitude: Pick<Solitude, 'stop'>;
  readonly handBackDeps: HandBackDeps;
}

/** How long aborted executions may take to end, so that their messages are acknowledged. */
const ABORTED_MS = 1_000;

export async function stopStages(
  { running, sweeper, publisher, leases, solitude, handBackDeps }: StopParts,
  { drainMs, others = [] }: Drain,
): Promise<void> {
  solitude.stop();
  const ended = Promise.all([...others, sweeper.stop(), ...running.map((stage) => stage.stop())]);
  await within(ended, drainMs);
  const executions = running.reduce((sum, { inFlight }) => sum + inFlight, 0);
  const waiting = await publisher.stop();
  const handedBack = await handBackAll(handBackDeps, leases);
  if (executions + waiting + handedBack === 0) return;
  handBackDeps.log.warn('the process stops before its work has ended and hands it back; other processes do it again', {
    drain_ms: drainMs,
    executions,
    leases: handedBack,
    waiting_responses: waiting,
  });
  await within(ended, ABORTED_MS);
}
