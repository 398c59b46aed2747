import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { resolvingStore } from '../../../libs/stage/items/insert-then-confirm.ts';
import type { NewRun, Store } from '../../../libs/store/port.ts';
import { openPostgresStore, type PostgresStore } from '../../../libs/store/postgres/index.ts';
import { type PostgresServer, startPostgres } from '../../fixtures/servers/postgres-server.ts';
import { END, newRun, records } from '../store/harness.ts';
import { Follower } from './follower.ts';
import { type Fate, ItemWorld, RUN } from './world.ts';

let server: PostgresServer;
let store: PostgresStore;
let runs = 0;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
  store = await openPostgresStore({ url: await server.newDatabase(), connections: 8, timeoutMs: 30_000 });
});

afterAll(async () => {
  await store?.close();
  await server?.stop();
});

/** A store that knows one run, by a name of its own in the shared database. */
async function newWorld(): Promise<ItemWorld> {
  runs += 1;
  const runId = `run-${runs}`;
  await store.acceptRun(newRun(runId) satisfies NewRun);
  return new ItemWorld({
    ...store,
    insertItems: (batches) => store.insertItems(batches.map((batch) => ({ ...batch, runId }))),
    confirmItems: (_run, confirmations) => store.confirmItems(runId, confirmations),
    listUnconfirmed: (_run, limit, after) => store.listUnconfirmed(runId, limit, after),
    readItems: (query) => store.readItems({ ...query, runId }),
    countItems: () => store.countItems(runId),
    hasWithdrawnItems: (_run, upToSeq) => store.hasWithdrawnItems(runId, upToSeq),
    closeRun: (_run, end, given) => store.closeRun(runId, end, given),
  });
}

const NODES = ['a', 'b', 'c', 'd'];

type Operation =
  | { readonly kind: 'begin'; readonly node: string; readonly items: number }
  | { readonly kind: 'commit'; readonly which: number; readonly fate: Fate }
  | { readonly kind: 'arrive'; readonly which: number }
  | { readonly kind: 'resolve' }
  | { readonly kind: 'follow'; readonly limit: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('begin' as const), node: fc.constantFrom(...NODES), items: fc.nat(4) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      which: fc.nat(50),
      fate: fc.constantFrom<Fate>('good', 'good', 'dies', 'late'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('arrive' as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resolve' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('follow' as const), limit: fc.integer({ min: 1, max: 6 }) }) },
);

async function perform(world: ItemWorld, step: Operation, follower: Follower): Promise<void> {
  switch (step.kind) {
    case 'begin':
      return world.begin(step.node, step.items);
    case 'commit': {
      const execution = world.executions[step.which % Math.max(1, world.executions.length)];
      return execution === undefined ? undefined : world.commit(execution, step.fate);
    }
    case 'arrive':
      return world.arrive(step.which);
    case 'resolve':
      return world.reader.resolve(RUN);
    case 'follow':
      return follower.look(world.store, step.limit);
  }
}

async function readAll(from: Store): Promise<string[]> {
  return (await from.readItems({ runId: RUN, afterSeq: 0, limit: 10_000 })).map(({ data }) => data).sort();
}

describe('items beside the coordinator', () => {
  it('are those of the committed tokens, however their committers fared', async () => {
    const seen = { startedOver: 0, withdrawn: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), { minLength: 15, maxLength: 40 }),
        async (steps) => {
          const world = await newWorld();
          const reading = resolvingStore(world.store, world.reader);
          const follower = new Follower();
          for (const together of steps) {
            // A follower looks alone, so that what it must have is known; all else happens at the same time.
            const looks = together.filter(({ kind }) => kind === 'follow');
            const others = together.filter(({ kind }) => kind !== 'follow');
            await Promise.all(others.map((step) => perform(world, step, follower)));
            for (const look of looks) {
              await perform(world, look, follower);
              expect(follower.rows).toEqual(await follower.expected(world.store));
              if (follower.startedOver) seen.startedOver += 1;
            }
            if (others.some(({ kind }) => kind === 'resolve')) expect(await readAll(reading)).toEqual(world.truth());
          }
          await reading.closeRun(RUN, END, records());
          expect(await readAll(world.store)).toEqual(world.truth());
          expect(await world.store.countItems(RUN)).toBe(world.truth().length);
          expect(await world.store.listUnconfirmed(RUN, 10)).toEqual([]);
          for (let look = 0; look < 200 && follower.rows.length < world.truth().length; look++) {
            await follower.look(world.store, 1_000);
          }
          await follower.look(world.store, 1_000);
          expect([...follower.rows].sort()).toEqual(world.truth());
          if (await world.store.hasWithdrawnItems(RUN, 1_000_000)) seen.withdrawn += 1;
        },
      ),
      { numRuns: 80 },
    );
    // A run in which nothing was ever withdrawn would have shown nothing.
    expect(seen.withdrawn).toBeGreaterThan(20);
    expect(seen.startedOver).toBeGreaterThan(0);
  });

  it('are not hidden by a confirmation that comes late, and not shown twice by two', async () => {
    const world = await newWorld();
    world.begin('a', 2);
    await world.commit(world.executions[0]!, 'late');
    world.begin('a', 1);
    await world.commit(world.executions[1]!, 'good');
    await world.arrive(0);
    expect(await readAll(world.store)).toEqual(world.truth());
    await world.reader.resolve(RUN);
    expect(await readAll(world.store)).toEqual(world.truth());
  });

  it('of a node whose last commit had none are withdrawn, also when its committer died', async () => {
    for (const fate of ['good', 'dies'] as const) {
      const world = await newWorld();
      world.begin('a', 2);
      await world.commit(world.executions[0]!, 'good');
      expect(await readAll(world.store)).toHaveLength(2);
      world.begin('a', 0);
      await world.commit(world.executions[1]!, fate);
      await world.reader.resolve(RUN);
      expect([await readAll(world.store), await world.store.hasWithdrawnItems(RUN, 1)]).toEqual([[], true]);
    }
  });

  it('come back when the coordinator says so after all', async () => {
    const world = await newWorld();
    world.begin('a', 2);
    await world.commit(world.executions[0]!, 'good');
    // Somebody confirmed what the coordinator has since forgotten: it went back to an earlier state.
    const lost = {
      runId: RUN,
      moduleId: 'm@1.0.0',
      phase: 0,
      nodeId: 'a',
      token: 'lost',
      items: [{ type: 'row', data: '0' }],
    };
    await world.store.insertItems([lost]);
    await world.store.confirmItems(RUN, [{ nodeId: 'a', token: 'lost', replaces: 't1' }]);
    expect(await readAll(world.store)).toEqual(['0']);
    await world.reader.resolve(RUN);
    expect(await readAll(world.store)).toEqual(world.truth());
  });

  it('are numbered without gaps or repeats when many confirm at once', async () => {
    const world = await newWorld();
    for (let n = 0; n < 60; n++) world.begin(`n${n}`, 1 + (n % 5));
    const reader = new Follower();
    let done = false;
    const looking = (async () => {
      while (!done) await reader.look(world.store, 7);
    })();
    onTestFinished(() => looking);
    await Promise.all(world.executions.map((execution) => world.commit(execution, 'good')));
    done = true;
    await looking;
    await reader.look(world.store, 1_000);
    expect([...reader.rows].sort()).toEqual(world.truth());
    const seqs = (await world.store.readItems({ runId: RUN, afterSeq: 0, limit: 1_000 })).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, n) => n + 1));
  });
});
