/** Finds the run that a command line names, at a server. */
import type { Run } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { isRunId } from '../../keys/run-id.ts';
import { unknownRun } from '../read/find-run.ts';
import type { IngressCalls } from './connect.ts';
import { requireRun } from './run-message.ts';

/** `reference` is an id, the beginning of an id, or `last`. Throws `cli.unknown_run`. */
export async function findServerRun(calls: IngressCalls, reference: string): Promise<Run> {
  if (reference === 'last') {
    const { runs } = await calls.listRuns({ pageSize: 1 });
    if (runs[0] !== undefined) return readRun(calls, runs[0].runId);
    throw unknownRun('there is no run yet');
  }
  const prefix = reference.toLowerCase();
  if (isRunId(prefix)) return readRun(calls, prefix);
  const [first, second] = await matching(calls, prefix);
  if (first === undefined) throw unknownRun(`there is no run "${reference}"`);
  if (second !== undefined) throw unknownRun(`several runs have an id that begins with "${reference}"`, first);
  return readRun(calls, first);
}

async function readRun(calls: IngressCalls, runId: string): Promise<Run> {
  try {
    return requireRun(await calls.getRun({ runId }));
  } catch (thrown) {
    if (!(thrown instanceof CatenaError) || thrown.code !== 'api.unknown_run') throw thrown;
    throw unknownRun(`there is no run "${runId}"`);
  }
}

/** At most two: that is enough to see that it is ambiguous. */
async function matching(calls: IngressCalls, prefix: string): Promise<string[]> {
  const range = timesOf(prefix);
  const found: string[] = [];
  if (range === undefined) return found;
  for (let pageToken = ''; ; ) {
    const { runs, nextPageToken } = await calls.listRuns({ ...range, pageSize: 500, pageToken });
    for (const { runId } of runs) if (runId.startsWith(prefix)) found.push(runId);
    if (found.length > 1 || nextPageToken === '') return found.slice(0, 2);
    pageToken = nextPageToken;
  }
}

const TIME_DIGITS = 12;
/** The tolerance between the time in an id and the run's time of acceptance, which is read a moment earlier; clocks jump. */
const MARGIN_MS = 10 * 60_000;

/** The time range in which a run with such an id was accepted, from the id's first digits. Undefined if it is not an id. */
export function timesOf(
  prefix: string,
): { readonly acceptedFromMs: number; readonly acceptedBeforeMs: number } | undefined {
  if (!/^[\da-f]{1,8}$|^[\da-f]{8}-[\da-f-]{0,27}$/.test(prefix)) return undefined;
  const digits = prefix.replaceAll('-', '').slice(0, TIME_DIGITS);
  const first = Number.parseInt(digits.padEnd(TIME_DIGITS, '0'), 16);
  const last = Number.parseInt(digits.padEnd(TIME_DIGITS, 'f'), 16);
  return { acceptedFromMs: Math.max(0, first - MARGIN_MS), acceptedBeforeMs: last + MARGIN_MS };
}
