/** Catena in one process on a file. */
import { join } from 'node:path';
import { openReader } from '../../../libs/cli/read/open-reader.ts';
import type { Contestant } from '../contestant.ts';
import { supervise } from '../program.ts';
import type { ProofItem } from '../site.ts';
import { catenaVersion, MODULE, PROGRAM } from './catena.ts';

export const catenaFile: Contestant = {
  name: 'Catena on a file',
  version: catenaVersion,
  servers: [],
  notes: [],
  async begin({ url, folder }) {
    const database = join(folder, 'run.db');
    const options = ['--db', database, '--rps', '0', '--concurrency', '16', '-o', join(folder, 'items.jsonl')];
    const program = supervise({
      command: process.execPath,
      args: [PROGRAM, 'run', MODULE, '--input', `base=${url}`, ...options],
      folder,
    });
    return {
      ended: program.ended,
      kill: program.kill,
      stop: program.stop,
      fail: (server) => Promise.reject(new Error(`it needs no ${server}`)),
      items: async () => {
        const reader = openReader(database);
        try {
          const [run] = await reader.store.listRuns({ limit: 1 });
          const rows = await reader.store.readItems({ runId: run!.runId, afterSeq: 0, limit: 1_000_000 });
          return rows.map(({ data }) => JSON.parse(data) as ProofItem);
        } finally {
          reader.close();
        }
      },
    };
  },
};
