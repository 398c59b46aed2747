import type { KeptContract, Store } from '../port.ts';
import type { Query, Statement } from './database.ts';

/** The contracts of modules, one per module id. */
export function contractsIn(query: Query): Pick<Store, 'keepContract' | 'replaceContract'> {
  return {
    keepContract: async ({ moduleId, contract, code }) => {
      await query(KEEP, [moduleId, contract, code]);
      const [row] = await query(FIND, [moduleId]);
      return row as unknown as KeptContract;
    },
    replaceContract: async (before, now) =>
      (await query(REPLACE, [now.moduleId, before.contract, before.code, now.contract, now.code])).length > 0,
  };
}

const KEEP: Statement = {
  name: 'keep_contract',
  text: 'INSERT INTO module_contracts VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

/** A statement of its own, to see what another transaction has kept meanwhile. */
const FIND: Statement = {
  name: 'find_contract',
  text: 'SELECT module_id AS "moduleId", contract, code FROM module_contracts WHERE module_id = $1',
};

const REPLACE: Statement = {
  name: 'replace_contract',
  text: `UPDATE module_contracts SET contract = $4, code = $5
    WHERE module_id = $1 AND contract = $2 AND code = $3 RETURNING 1`,
};
