import { setTimeout as delay } from 'node:timers/promises';
import { lengthFault, rangeFault, requireNone } from '../../../libs/contracts/request-check.ts';
import type { Item, ListItemsRequest, ListItemsResponse } from '../../../libs/contracts/services.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { StoredItem } from '../../../libs/store/port.ts';
import type { IngressApiDeps } from './deps.ts';
import { findRun } from './find-run.ts';
import { fitting } from './pages.ts';

/** Few, since a stream whose client does not read keeps a page of rows in memory. */
const PAGE_ROWS = 50;

/**
 * Returns committed items after a sequence number; with `follow` until the run is closed and all are sent. The state of the run
 * is read before the rows, so that no row can be missed in between.
 */
export async function* listItems(
  deps: IngressApiDeps,
  request: ListItemsRequest,
  signal: AbortSignal,
): AsyncGenerator<ListItemsResponse, void> {
  const { runId, type, follow, withReplaced } = request;
  requireNone([rangeFault('after_seq', request.afterSeq, 0, Number.MAX_SAFE_INTEGER), lengthFault('type', type)]);
  let { afterSeq } = request;
  for (;;) {
    const { state } = await findRun(deps.store, runId);
    // A reader that started on a closed run has only seen rows that stay.
    if (state === 'closed' && afterSeq > 0) await requireStanding(deps, request, afterSeq);
    for await (const rows of pagesBehind(deps, { runId, type, afterSeq, withReplaced })) {
      yield* messagesOf(rows);
      afterSeq = rows.at(-1)!.seq;
      signal.throwIfAborted();
    }
    if (state === 'closed' || !follow) return;
    await delay(deps.pollIntervalMs, undefined, { signal, ref: false });
  }
}

async function* pagesBehind(
  { store }: IngressApiDeps,
  query: Pick<ListItemsRequest, 'runId' | 'type' | 'afterSeq' | 'withReplaced'>,
): AsyncGenerator<readonly StoredItem[], void> {
  const { runId, type, withReplaced } = query;
  let { afterSeq } = query;
  for (;;) {
    const ofType = type === '' ? {} : { type };
    const rows = await store.readItems({ runId, afterSeq, limit: PAGE_ROWS, withReplaced, ...ofType });
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE_ROWS) return;
    afterSeq = rows.at(-1)!.seq;
  }
}

/** Splits the rows of a page into messages of bounded size. */
function* messagesOf(rows: readonly StoredItem[]): Generator<ListItemsResponse, void> {
  for (let left = rows; left.length > 0; ) {
    const count = fitting(left, ({ data }) => data.length);
    yield { items: left.slice(0, count).map(toItem) };
    left = left.slice(count);
  }
}

function toItem({ seq, moduleId, type, data, revision }: StoredItem): Item {
  return { seq, moduleId, type, data: Buffer.from(data), revision };
}

async function requireStanding(
  { store }: IngressApiDeps,
  { runId, withReplaced }: Pick<ListItemsRequest, 'runId' | 'withReplaced'>,
  upToSeq: number,
): Promise<void> {
  if (!(await store.hasWithdrawnItems(runId, upToSeq, withReplaced))) return;
  throw new CatenaError('api.items_withdrawn', `items of run ${runId} up to number ${upToSeq} were withdrawn`, {
    data: { runId, upToSeq },
    remedy: 'their node was executed again: drop the items that you have and read again with after_seq 0',
  });
}
