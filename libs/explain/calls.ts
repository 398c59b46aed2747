/** Author code that takes long, and calls that wait for it. */
import { type CallInFlight, type CallsInFlight, LONG_CALL_MS } from '../telemetry/calls-in-flight.ts';
import { countOf, listOf, type RunReason } from './reasons.ts';

/** The calls of a process. */
export interface ProcessCalls extends CallsInFlight {
  /** Its name; empty when there is only one. */
  readonly process: string;
}

/** What runs long for this run, and how many calls of any run wait behind: a process has the same workers for all of them. */
export function longCalls(runId: string, processes: readonly ProcessCalls[]): RunReason[] {
  return processes.flatMap((process) => [...running(runId, process), ...waiting(process)]);
}

function running(runId: string, { process, oldest }: ProcessCalls): RunReason[] {
  const long = oldest.filter((call) => call.runId === runId && call.ageMs >= LONG_CALL_MS);
  return [...Map.groupBy(long, ({ moduleId, step, fn }) => `${fn} of ${moduleId}/${step}`)].map(([what, calls]) => {
    const [{ ageMs, budgetMs, worker, moduleId }] = calls as [CallInFlight];
    const urls = listOf(calls.flatMap(({ url }) => url ?? []));
    const where = [worker, process].filter((name) => name !== '').join(' of ');
    const which = calls.length === 1 ? 'runs for' : `runs ${calls.length} times, the longest for`;
    const text = `${what} ${which} ${seconds(ageMs)} in ${where}${urls === '' ? '' : `, on ${urls}`}; a call may take ${seconds(budgetMs)}.`;
    return { code: 'long_calls', text, moduleId, nodes: calls.length };
  });
}

function waiting({ process, workers, queued, queuedMs }: ProcessCalls): RunReason[] {
  if (queued === 0 || queuedMs < LONG_CALL_MS) return [];
  const of = process === '' ? '' : ` of ${process}`;
  const verb = queued === 1 ? 'waits' : 'wait';
  const text = `${countOf(queued, 'call')} of any run ${verb} for one of ${countOf(workers, 'worker')}${of}, the first for ${seconds(queuedMs)}.`;
  return [{ code: 'queued_calls', text }];
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? (ms / 1_000).toFixed(1) : Math.round(ms / 1_000)} s`;
}
