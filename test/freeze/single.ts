/** `catena serve` over one file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../libs/local-servers/free-port.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { openSqliteStore } from '../../libs/store/sqlite/index.ts';
import { startService } from '../fixtures/deployment/service-process.ts';
import { KeptUp } from './kept-up.ts';
import type { Asked, Question } from './probe.ts';
import {
  FREEZE_MODULES,
  LOAD_TIMEOUT_MS,
  LOOPS_ON_LOAD,
  leftIn,
  loadErrorOf,
  settingsOf,
  type Target,
  type TargetOptions,
} from './target.ts';

export async function serveSingle(options: TargetOptions): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'catena-freeze-'));
  const db = join(folder, 'run.db');
  const api = `127.0.0.1:${await freePort()}`;
  const env = {
    ...settingsOf(options),
    CATENA_EXTENSIONS_FILES: join(import.meta.dirname, 'extension.ts'),
    CATENA_LOG_FORMAT: 'json',
  };
  const server = await KeptUp.start({
    ...{ name: 'catena serve', env },
    args: ['services/catena.ts', 'serve', ...FREEZE_MODULES, '--api', api, '--db', db],
  });
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`http://${api}${path}`, init);
    const body = (await answer.json()) as Record<string, unknown>;
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(body)}`);
    return body;
  };
  const asks = (what: Question, path: string): Asked => ({ what, of: path, ask: async () => void (await ask(path)) });
  let ended: Promise<void> | undefined;
  const end = () => (ended ??= server.stop());
  return {
    name: 'catena serve, one process',
    processes: [server],
    submit: async (module, input) => {
      const headers = { 'content-type': 'application/json' };
      const { run_id } = await ask('/api/runs', { method: 'POST', headers, body: JSON.stringify({ module, input }) });
      return run_id as string;
    },
    isClosed: async (runId) => (await ask(`/api/runs/${runId}`)).finished === true,
    asked: (runId) => [asks('health', '/livez'), asks('health', '/readyz'), asks('status', `/api/runs/${runId}`)],
    startWithLoop: () =>
      loadErrorOf(() =>
        startService({
          name: 'another catena serve',
          args: [
            'services/catena.ts',
            'serve',
            LOOPS_ON_LOAD,
            '--api',
            '127.0.0.1:0',
            '--db',
            join(folder, 'other.db'),
          ],
          env: { ...env, CATENA_EXECUTION_LOAD_TIMEOUT_MS: String(LOAD_TIMEOUT_MS) },
        }),
      ),
    end,
    left: async (runId) => {
      const database = new SqliteDatabase({ path: db });
      try {
        return await leftIn(openSqliteStore(database), runId);
      } finally {
        database.close();
      }
    },
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
