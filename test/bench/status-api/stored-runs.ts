/** A database with many finished diagnoses: one that really ran, and copies of it. */
import { DatabaseSync } from 'node:sqlite';
import { defineDiagnosis } from '../../../libs/brand/module/define-diagnosis.ts';
import { ModuleRegistry } from '../../../libs/calls/registry.ts';
import { loadConfig } from '../../../libs/config/load-config.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';
import { startSingleNode } from '../../../services/node/single.ts';
import { BRANDS, QUESTIONS } from '../../brand-flow/answers.ts';
import { type Models, startModels } from '../../brand-flow/models.ts';
import { QUICK } from '../../fixtures/flow.ts';

/** Whose history the copies are. */
export const USER = 'bench-user';
/** Real models, so many times faster. */
const SCALE = 0.001;
const [brand, ...rivals] = BRANDS;

/** What is asked for: a brand and three rivals, three questions, four models. */
export function diagnosisInput(models: readonly string[]) {
  return { brand, rivals, questions: [...QUESTIONS], models: [...models] };
}

/** Fills a new database with so many finished runs; answers their ids. */
export async function storeRuns(path: string, runs: number): Promise<string[]> {
  const models = await startModels({ questions: QUESTIONS, seed: 5, scale: SCALE });
  try {
    const runId = await diagnoseOnce(path, models);
    return copyRun(path, runId, runs);
  } finally {
    await models.stop();
  }
}

async function diagnoseOnce(path: string, { registry, names }: Models): Promise<string> {
  const module = defineDiagnosis({ registry: () => registry });
  const { config } = loadConfig({ env: {}, overrides: { ...QUICK, 'store.path': path, sweep_interval_ms: 10 } });
  const node = startSingleNode({ config, modules: new ModuleRegistry([module]), log: silentLog });
  try {
    const at = { account: 'default', platform: 'default' };
    await node.store.putAccount({ ...at, login: { TEST_MODEL_KEY: 'a-key-of-nobody' }, updatedAtMs: 1 });
    // Nothing is asked for beyond the models: pages that answers cite are somebody's.
    const input = { ...diagnosisInput(names), maxSources: 0 };
    const { runId } = await node.submit({ ...at, modules: [module.id], input, user: USER });
    await node.closed(runId);
    return runId;
  } finally {
    await node.stop();
  }
}

/** Copies the rows of a finished run; what a closed run shows does not depend on its nodes. */
function copyRun(path: string, runId: string, copies: number): string[] {
  const db = new DatabaseSync(path);
  try {
    const { no } = db.prepare('SELECT no FROM runs WHERE run_id = ?').get(runId) as { readonly no: number };
    const copyOfRun = db.prepare(
      `INSERT INTO runs (run_id, task_id, account, run_user, fingerprint, state, accepted_at, ended_at, run_end, record)
       SELECT ?1, ?1, account, run_user, fingerprint, state, accepted_at + ?2, ended_at, run_end, replace(record, run_id, ?1)
       FROM runs WHERE no = ?3 RETURNING no`,
    );
    const copyOfItems = db.prepare(
      `INSERT INTO items (run_no, phase, module_id, node_id, token, ordinal, type, data)
       SELECT ?, phase, module_id, node_id, token, ordinal, type, data FROM items WHERE run_no = ? ORDER BY seq`,
    );
    const ids = Array.from({ length: copies }, (_, at) => `${runId.slice(0, -8)}${String(at).padStart(8, '0')}`);
    db.exec('BEGIN');
    for (const [at, id] of ids.entries()) copyOfItems.run((copyOfRun.get(id, at, no) as { no: number }).no, no);
    db.exec('COMMIT');
    return ids;
  } finally {
    db.close();
  }
}
