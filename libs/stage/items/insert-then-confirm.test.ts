import { describe, expect, it } from 'vitest';
import { CommitCode, type CommitOutcome } from '../../coordination/protocol/commits.ts';
import type { ChainNode, NodeRef } from '../../coordination/protocol/node.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Confirmation, ItemBatch, Store, UnconfirmedRows } from '../../store/port.ts';
import { silentLog } from '../../telemetry/log.ts';
import { InsertThenConfirm, resolvingStore } from './insert-then-confirm.ts';

const NODE: ChainNode = {
  ...{ id: 'a', runId: 'r', moduleId: 'm@1.0.0', phase: 0, kind: 'request', stepIdx: 0, prefixRequest: '', body: '' },
  ...{ state: 'processing', epoch: 0, attempts: 1, crashes: 0, dispatches: 0, owner: 'o', dueAtMs: 0, error: '' },
  ...{ token: 't2', committedToken: '', deathReason: '', revision: 1, isEarly: false },
};

const COMMIT = { node: NODE, token: 't2', children: [], staged: 0, wakeUps: 0 };
const BATCH: ItemBatch = {
  ...{ runId: 'r', moduleId: 'm@1.0.0', phase: 0, nodeId: 'a', token: 't2' },
  items: [{ type: 'row', data: '1' }],
};

interface Given {
  readonly code?: CommitOutcome['code'];
  readonly unconfirmed?: readonly UnconfirmedRows[];
  readonly committedTokens?: Readonly<Record<string, string>>;
  /** Answers of the confirmations, one after the other; then all are taken. */
  readonly refusals?: (readonly string[] | CatenaError)[];
}

function bench({ code = CommitCode.COMMIT_OK, unconfirmed = [], committedTokens = {}, refusals = [] }: Given = {}) {
  const calls: string[] = [];
  const confirmed: Confirmation[][] = [];
  const batches: ItemBatch[] = [];
  const asked: string[] = [];
  const writer = new InsertThenConfirm({
    log: silentLog,
    store: {
      insertItems: async (inserted) => {
        calls.push('insert');
        batches.push(...inserted);
      },
      confirmItems: async (_run, confirmations) => {
        calls.push('confirm');
        confirmed.push([...confirmations]);
        const answer = refusals.shift() ?? [];
        if (answer instanceof CatenaError) throw answer;
        return answer;
      },
      listUnconfirmed: async (_run, limit, after) => {
        calls.push('list');
        const from = after === undefined ? 0 : unconfirmed.findIndex(({ nodeId }) => nodeId === after.nodeId) + 1;
        return unconfirmed.slice(from, from + limit);
      },
    },
    coordinator: {
      commitSuccess: async () => {
        calls.push('commit');
        return { code, wakeUps: [], released: [], created: 0, gateLost: 0, leftOut: 0, items: 0, releasing: false };
      },
      findNode: async ({ id }: NodeRef) => {
        asked.push(id);
        const committedToken = committedTokens[id];
        return committedToken === undefined ? undefined : { ...NODE, id, committedToken };
      },
    },
  });
  return { writer, calls, confirmed, batches, asked };
}

function hidden(nodeId: string, token: string, shown = ''): UnconfirmedRows {
  return { nodeId, token, shown, moduleId: 'm@1.0.0', phase: 0 };
}

describe('a commit with items', () => {
  it('inserts, commits, and confirms afterwards what it replaces', async () => {
    const { writer, calls, confirmed, batches } = bench();
    const outcome = await writer.commit({ ...COMMIT, node: { ...NODE, committedToken: 't1' } }, BATCH);
    expect(outcome.code).toBe(CommitCode.COMMIT_OK);
    expect(calls).toEqual(['insert', 'commit']);
    await writer.flush();
    expect(calls).toEqual(['insert', 'commit', 'confirm']);
    expect(batches).toEqual([BATCH]);
    expect(confirmed).toEqual([[{ runId: 'r', nodeId: 'a', token: 't2', replaces: 't1' }]]);
  });

  it('confirms a commit that is only repeated, and none that was refused', async () => {
    for (const [code, times] of [
      [CommitCode.ALREADY_COMMITTED, 1],
      [CommitCode.FENCING_REJECT, 0],
      [CommitCode.CAS_CONFLICT, 0],
    ] as const) {
      const { writer, confirmed } = bench({ code });
      await writer.commit(COMMIT, BATCH);
      await writer.flush();
      expect(confirmed, String(code)).toHaveLength(times);
    }
  });

  it('without items writes nothing, unless the node has committed before', async () => {
    const first = bench();
    await first.writer.commit(COMMIT, undefined);
    await first.writer.flush();
    expect(first.calls).toEqual(['commit']);
    const again = bench();
    await again.writer.commit({ ...COMMIT, node: { ...NODE, committedToken: 't1' } }, undefined);
    await again.writer.flush();
    expect(again.calls).toEqual(['insert', 'commit', 'confirm']);
    expect(again.batches).toEqual([{ ...BATCH, revision: 1, items: [] }]);
  });

  it('is written together with others, and does not fail when its confirmation does', async () => {
    const gone = new CatenaError('store.unavailable', 'gone', { class: 'retryable' });
    const { writer, calls, batches } = bench({ refusals: [gone] });
    const nodeIds = Array.from({ length: 20 }, (_, n) => `n${n}`);
    await Promise.all(nodeIds.map((nodeId) => writer.commit(COMMIT, { ...BATCH, nodeId })));
    await writer.flush();
    expect(calls.filter((call) => call === 'insert')).toHaveLength(1);
    expect(calls.filter((call) => call === 'confirm').length).toBeLessThan(3);
    expect(batches.map(({ nodeId }) => nodeId)).toEqual(nodeIds);
  });
});

describe('resolving a run', () => {
  it('confirms what the coordinator says is committed, and leaves the rest', async () => {
    const unconfirmed = [hidden('a', 't9', 't8'), hidden('b', 't3'), hidden('c', 't4'), hidden('gone', 't5')];
    const { writer, confirmed } = bench({ unconfirmed, committedTokens: { a: 't9', b: 't2', c: '' } });
    await writer.resolve('r');
    expect(confirmed).toEqual([[{ nodeId: 'a', token: 't9', replaces: 't8' }]]);
  });

  it('asks about any number, page by page', async () => {
    const unconfirmed = Array.from({ length: 1_203 }, (_, n) => hidden(`n${n}`, 't'));
    const { writer, asked, confirmed } = bench({ unconfirmed });
    await writer.resolve('r');
    expect(new Set(asked).size).toBe(1_203);
    expect(confirmed).toEqual([]);
  });

  it('asks again when somebody else confirmed meanwhile, and gives up in the end', async () => {
    const given = { unconfirmed: [hidden('a', 't9')], committedTokens: { a: 't9' } };
    const once = bench({ ...given, refusals: [['a']] });
    await once.writer.resolve('r');
    expect(once.confirmed).toHaveLength(2);
    const always = bench({ ...given, refusals: Array.from({ length: 100 }, () => ['a']) });
    await expect(always.writer.resolve('r')).rejects.toMatchObject({ code: 'items.contended', class: 'retryable' });
  });

  it('confirms first what this process has just committed', async () => {
    const { writer, calls } = bench();
    await writer.commit(COMMIT, BATCH);
    await writer.resolve('r');
    expect(calls).toEqual(['insert', 'commit', 'confirm', 'list']);
  });

  it('comes before reading, counting and settling, and before nothing else', async () => {
    const calls: string[] = [];
    const say = (name: string) => async () => void calls.push(name);
    const store = {
      readItems: say('read'),
      countItems: say('count'),
      hasWithdrawnItems: say('withdrawn'),
      closeRun: say('settle'),
      findRun: say('find'),
    } as unknown as Store;
    const reading = resolvingStore(store, { resolve: say('resolve') });
    await reading.readItems({ runId: 'r', afterSeq: 0, limit: 1 });
    await reading.countItems('r');
    await reading.hasWithdrawnItems('r', 1);
    const end = { finishReason: 'completed', detail: '', endedAtMs: 1, done: 0, dead: 0, items: 0 } as const;
    await reading.closeRun('r', end, { deadLetters: none(), events: none() });
    await reading.findRun('r');
    const resolved = ['read', 'count', 'withdrawn', 'settle'].flatMap((name) => ['resolve', name]);
    expect(calls).toEqual([...resolved, 'find']);
  });
});

async function* none(): AsyncGenerator<never> {
  // A run without records.
}
