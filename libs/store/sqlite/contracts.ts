import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { KeptContract, Store } from '../port.ts';

/** The contracts of modules, one per module id. */
export function contractsOn(db: SqliteDatabase): Pick<Store, 'keepContract' | 'replaceContract'> {
  const keep = db.prepare('INSERT OR IGNORE INTO module_contracts VALUES (?, ?, ?)');
  const find = db.prepare('SELECT module_id AS moduleId, contract, code FROM module_contracts WHERE module_id = ?');
  const replace = db.prepare(
    'UPDATE module_contracts SET contract = ?, code = ? WHERE module_id = ? AND contract = ? AND code = ?',
  );
  return {
    keepContract: ({ moduleId, contract, code }) =>
      db.write(() => {
        keep.run(moduleId, contract, code);
        return { ...find.get(moduleId) } as unknown as KeptContract;
      }),
    replaceContract: (before, now) =>
      db.write(() => replace.run(now.contract, now.code, now.moduleId, before.contract, before.code).changes > 0),
  };
}
