import type { SqliteDatabase } from '../../sqlite/database.ts';
import { type ForeignMessage, MAX_FOREIGN_BYTES, MAX_FOREIGN_MESSAGES, type Store } from '../port.ts';

/** The newest foreign messages. */
export function foreignMessagesOn(db: SqliteDatabase): Pick<Store, 'keepForeignMessage' | 'listForeignMessages'> {
  const keep = db.prepare('INSERT INTO foreign_messages (subject, reason, bytes, at) VALUES (?, ?, ?, ?)');
  const forget = db.prepare('DELETE FROM foreign_messages WHERE no <= ?');
  const list = db.prepare(
    'SELECT subject, reason, bytes, at AS atMs FROM foreign_messages WHERE no > 0 ORDER BY no DESC LIMIT ?',
  );
  return {
    keepForeignMessage: ({ subject, reason, bytes, atMs }) =>
      db.write(() => {
        const { lastInsertRowid } = keep.run(subject, reason, bytes.subarray(0, MAX_FOREIGN_BYTES), atMs);
        forget.run(Number(lastInsertRowid) - MAX_FOREIGN_MESSAGES);
      }),
    listForeignMessages: async (limit) => db.read(() => list.all(limit) as unknown as ForeignMessage[]),
  };
}
