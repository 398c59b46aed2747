/** What is said of a node that has spent its crash budget. Nobody saw it fail, so its record is made from its lost leases. */
import { SUSPECT_AFTER } from '../../coordination/protocol/claims.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { type Failure, toFailure } from '../../errors/failure.ts';

/** The failure of a node that died as `crashed`, after so many lost leases. Those beyond {@link SUSPECT_AFTER} were lost alone. */
export function crashFailure(crashes: number): Failure {
  const alone = Math.max(0, crashes - SUSPECT_AFTER);
  const error =
    alone > 0
      ? new CatenaError(
          'execution.ends_process',
          `it lost ${leases(crashes)}, the last ${alone} while it was executed alone in its process: it is what ends the process`,
          {
            data: { crashes, alone },
            remedy:
              'look at what its step does with this state or page: memory, native code, an endless loop; then replay it',
          },
        )
      : new CatenaError(
          'execution.leases_lost',
          `it lost ${leases(crashes)}, each beside other nodes: it may be what ends its processes, or one of the others is`,
          {
            data: { crashes, alone },
            remedy: `raise retry.crash_budget above ${SUSPECT_AFTER}: then it is executed alone before it is given up`,
          },
        );
  return toFailure(error, 'sweeper');
}

function leases(count: number): string {
  return count === 1 ? '1 lease' : `${count} leases`;
}

/** The failure of a node as JSON; empty if it did not fail. A crashed node may have an earlier failure, which did not end it. */
export function failureOf({ deathReason, crashes, error }: ChainNode): string {
  return deathReason === 'crashed' ? JSON.stringify(crashFailure(crashes)) : error;
}
