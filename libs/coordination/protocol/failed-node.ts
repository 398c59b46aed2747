/** What the events of a failure say about its node; `lua/lib/events.lua` says the same. */
import { SUSPECT_AFTER } from './claims.ts';

export interface FailedNode {
  readonly taskId: string;
  readonly stepIdx: number;
  readonly prefixRequest: string;
  /** Executions so far. */
  readonly attempts: number;
  /** Leases that it lost. */
  readonly crashes: number;
  /** The recorded failure, JSON; empty if there is none. */
  readonly error: string;
}

export interface FailureData {
  readonly taskId: string;
  readonly stepIdx: number;
  readonly prefixRequest: string;
  readonly attempt: number;
  /** The stage that failed; empty when the record does not say, like the next two. */
  readonly stage: string;
  readonly code: string;
  readonly class: string;
}

/** The code of a node that died as `crashed`: whether it lost leases while it was executed alone. */
function crashCode(crashes: number): string {
  return crashes > SUSPECT_AFTER ? 'execution.ends_process' : 'execution.leases_lost';
}

/** A node that crashed may have an earlier failure, which did not end it. */
export function failureData(node: FailedNode, reason: 'failed' | 'crashed'): FailureData {
  const { taskId, stepIdx, prefixRequest, attempts, crashes, error } = node;
  const failure =
    reason === 'crashed' ? { stage: 'sweeper', code: crashCode(crashes), class: 'fatal' } : recorded(error);
  return { taskId, stepIdx, prefixRequest, attempt: attempts, ...failure };
}

function recorded(error: string): Pick<FailureData, 'stage' | 'code' | 'class'> {
  let record: unknown;
  try {
    record = JSON.parse(error);
  } catch {
    // A record that is no JSON says nothing; the event is written all the same.
  }
  const text = (name: string) => {
    const found = (record as Readonly<Record<string, unknown>> | null | undefined)?.[name];
    return typeof found === 'string' ? found : '';
  };
  return { stage: text('stage'), code: text('code'), class: text('class') };
}
