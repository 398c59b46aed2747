import {
  type FieldIssue,
  identifierFault,
  invalidArgument,
  lengthFault,
  rangeFault,
  requireNone,
} from '../../../libs/contracts/request-check.ts';
import { type ListRunsRequest, type ListRunsResponse, Run, RunState } from '../../../libs/contracts/services.ts';
import { ControlCode } from '../../../libs/coordination/protocol/runs.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { RunRecord } from '../../../libs/store/port.ts';
import type { IngressApiDeps } from './deps.ts';
import { closed, findRun, notOpen } from './find-run.ts';
import { fitting, pageSize } from './pages.ts';
import { toRun } from './run-view.ts';

/** Reads a run. The record is read last, so a closed run has its end. */
export async function readRun({ store, coordinator, budgets }: IngressApiDeps, runId: string): Promise<Run> {
  await findRun(store, runId);
  const snapshot = await coordinator.findRun(runId);
  const items = await store.countItems(runId);
  const cost = await budgets.read(runId);
  const record = await findRun(store, runId);
  return toRun(record, snapshot, { items, cost: record.state === 'closed' ? record.end?.cost : cost });
}

export async function listRuns({ store }: IngressApiDeps, request: ListRunsRequest): Promise<ListRunsResponse> {
  const size = pageSize(request);
  const { account, module, acceptedFromMs, acceptedBeforeMs, pageToken, taskId } = request;
  requireNone([
    identifierFault('account', account, { mayBeEmpty: true }),
    lengthFault('module', module),
    rangeFault('accepted_from_ms', acceptedFromMs, 0, Number.MAX_SAFE_INTEGER),
    rangeFault('accepted_before_ms', acceptedBeforeMs, 0, Number.MAX_SAFE_INTEGER),
    stateFault(request.state),
    identifierFault('task_id', taskId, { mayBeEmpty: true }),
    taskId !== '' && account === '' ? { path: 'account', message: 'is empty, but a task is of an account' } : undefined,
  ]);
  const state = STORED_STATE[request.state];
  const records = await store
    .listRuns({
      limit: size + 1,
      ...(state === undefined ? {} : { state }),
      ...(account === '' ? {} : { account }),
      ...(taskId === '' ? {} : { taskId }),
      ...(module === '' ? {} : { moduleId: module }),
      ...(acceptedFromMs === 0 ? {} : { acceptedFromMs }),
      ...(acceptedBeforeMs === 0 ? {} : { acceptedBeforeMs }),
      ...(pageToken === '' ? {} : { after: pageToken }),
    })
    .catch((thrown: unknown) => {
      throw thrown instanceof CatenaError && thrown.code === 'store.unknown_run' ? foreignToken() : thrown;
    });
  const runs = records.slice(0, size).map((record) => toRun(record, undefined, { items: 0, cost: record.end?.cost }));
  const page = runs.slice(
    0,
    fitting(runs, (run) => Run.encode(run).finish().length),
  );
  return { runs: page, nextPageToken: page.length < records.length ? page.at(-1)!.runId : '' };
}

const STORED_STATE: Readonly<Record<number, RunRecord['state'] | undefined>> = {
  [RunState.ACCEPTED]: 'accepted',
  [RunState.OPEN]: 'open',
  [RunState.CLOSED]: 'closed',
};

function stateFault(state: RunState): FieldIssue | undefined {
  if (state === RunState.UNSPECIFIED || STORED_STATE[state] !== undefined) return undefined;
  return { path: 'state', message: `is ${state}, but must be accepted, open or closed` };
}

export function foreignToken(): CatenaError {
  return invalidArgument([{ path: 'page_token', message: 'is not a token of this list' }]);
}

/** Returns whether anything changed. */
export async function controlRun(
  { store, coordinator, cancelUnopened }: IngressApiDeps,
  runId: string,
  action: 'pause' | 'resume' | 'cancel',
): Promise<boolean> {
  const record = await findRun(store, runId);
  if (record.state === 'closed') throw closed(runId);
  if ((await coordinator.findRun(runId)) === undefined) {
    if (action !== 'cancel') throw notOpen(runId);
    await cancelUnopened(runId);
    return true;
  }
  // A closing run has no open nodes, so there is nothing to pause or cancel.
  return (await coordinator.runControl({ runId, action })) === ControlCode.DONE;
}
