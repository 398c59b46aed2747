import type { OpenedRun, RunContext, ServedModule } from '../../calls/served-module.ts';
import { RecentMap } from '../../concurrency/recent-map.ts';
import type { TaskRef } from '../../contracts/messages.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord, Store } from '../../store/port.ts';
import { isBackendFailure } from '../execution/backend-failure.ts';

/** A run as the stages need it: its task, and its modules with their checked input. */
export interface LoadedRun {
  readonly record: RunRecord;
  readonly task: TaskRef;
  /** What each call of the run gets. */
  readonly context: RunContext;
  /** As submitted; each message of the run carries it. */
  readonly metadata: Record<string, string>;
  readonly modules: ReadonlyMap<string, LoadedModule>;
}

export interface LoadedModule extends OpenedRun {
  readonly definition: ServedModule;
}

/** Resolves a module id; throws `module.unknown`. */
export interface ModuleResolver {
  resolve(moduleId: string): ServedModule;
}

/** Also lists the ids of its modules. */
export interface ModuleCatalogue extends ModuleResolver {
  ids(): readonly string[];
}

/** Runs kept in memory; a dropped run is read again if it is still in use. */
const MAX_KEPT = 256;

/** Loads a run once and keeps it while it is in use: the fields that the stages read never change. */
export class Runs {
  readonly #store: Pick<Store, 'findRun'>;
  readonly #resolver: ModuleResolver;
  readonly #kept = new RecentMap<string, LoadedRun>(MAX_KEPT);
  readonly #onUsed: ((runId: string) => void) | undefined;
  readonly #loading = new Map<string, Promise<LoadedRun>>();

  /** `onUsed` is called whenever something asks for a run. */
  constructor(store: Pick<Store, 'findRun'>, resolver: ModuleResolver, onUsed?: (runId: string) => void) {
    this.#store = store;
    this.#resolver = resolver;
    this.#onUsed = onUsed;
  }

  /** Returns the run if it is in memory, without waiting for the event loop. */
  kept(runId: string): LoadedRun | undefined {
    this.#onUsed?.(runId);
    return this.#kept.get(runId);
  }

  /** Throws `ingress.unknown_run`, `module.unknown` and a module's errors about its input; all fatal. */
  async load(runId: string): Promise<LoadedRun> {
    this.#onUsed?.(runId);
    const kept = this.#kept.get(runId);
    if (kept !== undefined) return kept;
    const loading = this.#loading.get(runId) ?? this.#read(runId);
    this.#loading.set(runId, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(runId);
    }
  }

  forget(runId: string): void {
    this.#kept.delete(runId);
  }

  async #read(runId: string): Promise<LoadedRun> {
    const record = await this.#store.findRun(runId);
    if (record === undefined) {
      throw new CatenaError('ingress.unknown_run', `no run ${runId} was ever accepted`, {
        remedy: 'submit the task first; the message of an unknown run is not from this deployment',
      });
    }
    const { taskId, account, platform, acceptedAtMs, deadlineAtMs, input, priority, caps } = record;
    const maxDepth = caps?.depth === undefined ? {} : { maxDepth: caps.depth };
    const context: RunContext = { runId, account, platform, acceptedAtMs, deadlineAtMs, ...maxDepth, input };
    const modules = new Map<string, LoadedModule>();
    for (const moduleId of record.modules) {
      const definition = this.#resolver.resolve(moduleId);
      modules.set(moduleId, { definition, ...(await definition.openRun(context)) });
    }
    const task = { taskId, runId, account, platform, ...(priority === 0 ? {} : { priority }) };
    const run = { record, task, context, metadata: { ...record.metadata }, modules };
    this.#kept.set(runId, run);
    return run;
  }
}

/** Returns a module of a run; throws `ingress.unknown_module` when the run does not have it. */
export function moduleOf(run: LoadedRun, moduleId: string): LoadedModule {
  const module = run.modules.get(moduleId);
  if (module !== undefined) return module;
  throw new CatenaError('ingress.unknown_module', `run ${run.record.runId} has no module ${moduleId}`, {
    data: { modules: [...run.modules.keys()] },
  });
}

/** Loads the run of a node, or returns why it cannot be executed here. Rejects when the store did not answer. */
export async function loadRunOf(
  runs: Runs,
  { runId, moduleId }: { readonly runId: string; readonly moduleId: string },
): Promise<LoadedRun | CatenaError> {
  try {
    const run = runs.kept(runId) ?? (await runs.load(runId));
    moduleOf(run, moduleId);
    return run;
  } catch (thrown) {
    if (isBackendFailure(thrown)) throw thrown;
    return thrown as CatenaError;
  }
}
