/** Data that belongs to no run: accounts of platforms and foreign messages. */
import { MAX_FOREIGN_BYTES, MAX_FOREIGN_MESSAGES, type Store } from '../port.ts';
import type { Query, Statement } from './database.ts';

type DeploymentMethods = Pick<Store, 'putAccount' | 'getAccount' | 'keepForeignMessage' | 'listForeignMessages'>;

export function deploymentIn(query: Query): DeploymentMethods {
  return {
    putAccount: async ({ account, platform, login, updatedAtMs }) =>
      void (await query(PUT_ACCOUNT, [account, platform, JSON.stringify(login), updatedAtMs])),
    getAccount: async (account, platform) => {
      const [row] = await query(GET_ACCOUNT, [account, platform]);
      if (row === undefined) return undefined;
      const login = JSON.parse(row.login as string) as unknown;
      return { account, platform, login, updatedAtMs: row.updated_at as number };
    },
    keepForeignMessage: async ({ subject, reason, bytes, atMs }) => {
      const kept = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, MAX_FOREIGN_BYTES));
      await query(KEEP_FOREIGN, [storable(subject), storable(reason), kept, atMs, MAX_FOREIGN_MESSAGES]);
    },
    listForeignMessages: async (limit) =>
      (await query(LIST_FOREIGN, [limit])).map(({ subject, reason, bytes, at }) => ({
        subject: subject as string,
        reason: reason as string,
        bytes: new Uint8Array(bytes as Buffer),
        atMs: at as number,
      })),
  };
}

/** PostgreSQL stores no NUL in a text, but a foreign message may contain one. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
}

const PUT_ACCOUNT: Statement = {
  name: 'put_account',
  text: `INSERT INTO accounts VALUES ($1, $2, $3, $4) ON CONFLICT (account, platform) DO UPDATE
    SET login = excluded.login, updated_at = excluded.updated_at`,
};

const GET_ACCOUNT: Statement = {
  name: 'get_account',
  text: 'SELECT login, updated_at FROM accounts WHERE account = $1 AND platform = $2',
};

const KEEP_FOREIGN: Statement = {
  name: 'keep_foreign',
  text: `WITH kept AS (INSERT INTO foreign_messages (subject, reason, bytes, at) VALUES ($1, $2, $3, $4) RETURNING no)
    DELETE FROM foreign_messages WHERE no <= (SELECT no FROM kept) - $5::bigint`,
};

const LIST_FOREIGN: Statement = {
  name: 'list_foreign',
  text: 'SELECT subject, reason, bytes, at FROM foreign_messages ORDER BY no DESC LIMIT $1',
};
