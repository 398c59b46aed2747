/**
 * Whether a process may serve its modules: nodes name steps by their position and carry states by their schema, so everybody who
 * works on a run must mean the same by `name@version`. The first process keeps the contract in the store.
 */
import type { ModuleFacts } from '../../calls/served-module.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { contractDifferences } from '../../modules/contract/description.ts';
import type { KeptContract, RunRecord, Store } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';

export interface AdmissionDeps {
  readonly store: Pick<Store, 'keepContract' | 'replaceContract' | 'listRuns'>;
  readonly modules: readonly Pick<ModuleFacts, 'id' | 'contract' | 'code'>[];
  /** Whether a contract may change under the same version while no run of it is open; otherwise never. */
  readonly mayChange: boolean;
  readonly log: Log;
}

/** Open runs that are read to say which are concerned. */
const MAX_RUNS = 100;
const SHOWN_RUNS = 3;

/** Throws `module.contract_changed` (fatal), with what differs. Says when the code of a module with open runs is another. */
export async function admitModules(deps: AdmissionDeps): Promise<void> {
  for (const { id, contract, code } of deps.modules) {
    // A module that was not made by `defineModule` has no contract to compare.
    if (contract !== '') await admit(deps, { moduleId: id, contract, code });
  }
}

async function admit({ store, mayChange, log }: AdmissionDeps, now: KeptContract): Promise<void> {
  const kept = await store.keepContract(now);
  const openRuns = await openRunsOf(store, now.moduleId);
  if (kept.contract !== now.contract) {
    if (!mayChange || openRuns.length > 0) throw changed(kept, now, openRuns, mayChange);
    log.info('the contract of a module has changed; no run of it is open', { module_id: now.moduleId });
  }
  const older = openRuns.filter(({ code }) => code?.[now.moduleId] !== undefined && code[now.moduleId] !== now.code);
  if (older.length > 0) {
    log.warn('the code of a module is another than when open runs of it began; they go on with the new code', {
      module_id: now.moduleId,
      runs: older.length,
      run_id: older[0]!.runId,
    });
  }
  if (kept.contract === now.contract && kept.code === now.code) return;
  // Another process that has replaced it meanwhile is compared with.
  if (!(await store.replaceContract(kept, now))) await admit({ store, modules: [], mayChange, log }, now);
}

async function openRunsOf(store: AdmissionDeps['store'], moduleId: string): Promise<readonly RunRecord[]> {
  const states = ['open', 'accepted'] as const;
  return (await Promise.all(states.map((state) => store.listRuns({ moduleId, state, limit: MAX_RUNS })))).flat();
}

function changed(
  kept: KeptContract,
  now: KeptContract,
  openRuns: readonly RunRecord[],
  mayChange: boolean,
): CatenaError {
  const { moduleId } = now;
  const differences = contractDifferences(kept.contract, now.contract);
  const lines = differences.map((line) => `\n  ${line}`).join('');
  const runs = openRuns.map(({ runId }) => runId);
  const shown = runs.slice(0, SHOWN_RUNS).join(', ') + (runs.length > SHOWN_RUNS ? ', …' : '');
  const end = runs.length > 0 ? `, or end its open runs first: \`catena cancel\` ${shown}` : '';
  const allow = mayChange ? '' : '; while developing, modules.allow_changes accepts it when no run of it is open';
  return new CatenaError(
    'module.contract_changed',
    `the contract of ${moduleId} is not the one that this deployment knows by that version:${lines}`,
    { data: { moduleId, differences, runs }, remedy: `raise the version of the module${end}${allow}` },
  );
}
