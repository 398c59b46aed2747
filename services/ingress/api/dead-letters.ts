import { lengthFault, rangeFault, requireNone } from '../../../libs/contracts/request-check.ts';
import {
  DeadLetter,
  type DiscardDeadLettersRequest,
  type ListDeadLettersRequest,
  type ListDeadLettersResponse,
} from '../../../libs/contracts/services.ts';
import { isFailure } from '../../../libs/coordination/protocol/node.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { hasDead } from '../../../libs/stage/run/close-run.ts';
import { toDeadLetter } from '../../../libs/stage/run/run-failures.ts';
import type { DeadLetter as Letter } from '../../../libs/store/port.ts';
import type { IngressApiDeps } from './deps.ts';
import { findRun } from './find-run.ts';
import { fitting, pageSize } from './pages.ts';
import { foreignToken } from './runs.ts';

/** A page token names the list that it continues: the two lists have different orders. */
const OF_NODES = 'node:';
const OF_LETTERS = 'letter:';

/** The store has the dead letters of closed runs; the coordinator has the dead nodes of open ones. */
export async function listDeadLetters(
  deps: IngressApiDeps,
  request: ListDeadLettersRequest,
): Promise<ListDeadLettersResponse> {
  const size = pageSize(request);
  const { runId, pageToken } = request;
  const { state } = await findRun(deps.store, runId);
  const ofLetters = pageToken === '' ? state === 'closed' : pageToken.startsWith(OF_LETTERS);
  if (pageToken !== '' && !ofLetters && !pageToken.startsWith(OF_NODES)) throw foreignToken();
  const [prefix, read] = ofLetters ? [OF_LETTERS, storedLetters] : [OF_NODES, deadNodes];
  const found = await read(deps, { runId, limit: size + 1, after: pageToken.slice(prefix.length) });
  const letters = found.slice(0, size).map(toMessage);
  const page = letters.slice(
    0,
    fitting(letters, (letter) => DeadLetter.encode(letter).finish().length),
  );
  return { deadLetters: page, nextPageToken: page.length < found.length ? prefix + page.at(-1)!.nodeId : '' };
}

interface LetterQuery {
  readonly runId: string;
  readonly limit: number;
  /** Empty: start at the beginning. */
  readonly after: string;
}

function storedLetters({ store }: IngressApiDeps, { runId, limit, after }: LetterQuery): Promise<readonly Letter[]> {
  return store.listDeadLetters(runId, { limit, ...(after === '' ? {} : { after }) });
}

async function deadNodes({ coordinator }: IngressApiDeps, { runId, limit, after }: LetterQuery): Promise<Letter[]> {
  const letters: Letter[] = [];
  if (!(await hasDead(coordinator, runId))) return letters;
  for (let behind = after; letters.length < limit; ) {
    const nodes = await coordinator.listNodes({
      runId,
      state: 'dead',
      limit,
      ...(behind === '' ? {} : { after: behind }),
    });
    for (const node of nodes) if (isFailure(node.deathReason)) letters.push(toDeadLetter(node));
    if (nodes.length < limit) break;
    behind = nodes.at(-1)!.id;
  }
  return letters.slice(0, limit);
}

function toMessage({ kind, body, error, runId: _runId, ...letter }: Letter): DeadLetter {
  return { ...letter, isRequest: kind === 'request', body: Buffer.from(body), error: Buffer.from(error) };
}

const MAX_DISCARDED = 1_000;

/** Returns how many there were. */
export async function discardDeadLetters(
  { store }: IngressApiDeps,
  { runId, nodeIds }: DiscardDeadLettersRequest,
): Promise<number> {
  requireNone([rangeFault('node_ids.length', nodeIds.length, 1, MAX_DISCARDED), ...nodeIds.map(nodeIdFault)]);
  const { state } = await findRun(store, runId);
  if (state === 'closed') return store.discardDeadLetters(runId, nodeIds);
  throw new CatenaError(
    'api.run_open',
    `run ${runId} is not closed: its dead nodes become dead letters when it closes`,
    {
      data: { runId },
      remedy: 'wait until it closes, or cancel it',
    },
  );
}

export function nodeIdFault(nodeId: string, at: number): ReturnType<typeof lengthFault> {
  return lengthFault(`node_ids[${at}]`, nodeId);
}
