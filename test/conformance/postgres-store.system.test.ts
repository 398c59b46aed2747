import { afterAll, beforeAll } from 'vitest';
import type { NewItem } from '../../libs/store/port.ts';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import { type PostgresServer, startPostgres } from '../fixtures/servers/postgres-server.ts';
import { describeStore, type StoreHarness } from './store.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
});

afterAll(() => server?.stop());

/** The store alone: the harness inserts, and confirms what it says was committed. */
async function open(): Promise<StoreHarness> {
  const store = await openPostgresStore({ url: await server.newDatabase(), connections: 8, timeoutMs: 20_000 });
  const committed = new Map<string, string>();
  let tokens = 0;
  const insert = async (place: Parameters<StoreHarness['commit']>[0], items: readonly NewItem[]): Promise<string> => {
    tokens += 1;
    await store.insertItems([{ moduleId: 'm@1.0.0', phase: 0, ...place, token: `t${tokens}`, items }]);
    return `t${tokens}`;
  };
  return {
    store,
    commit: async (place, items) => {
      const { runId, nodeId } = place;
      const token = await insert(place, items);
      await store.confirmItems(runId, [{ nodeId, token, replaces: committed.get(nodeId) ?? '' }]);
      committed.set(nodeId, token);
    },
    abandon: async (place, items) => void (await insert(place, items)),
    close: () => store.close(),
  };
}

describeStore('PostgreSQL', open);
