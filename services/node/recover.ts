/** `catena recover`: audits all open runs by hand, after a server was restored from a backup or lost writes that nobody noticed. */
import { systemClock } from '../../libs/clock/clock.ts';
import type { LoadedConfig } from '../../libs/config/load-config.ts';
import { type AuditResult, auditRuns } from '../../libs/stage/maintenance/audit-runs.ts';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import { openSingleFile } from '../../libs/store/sqlite/single-file.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import { Metrics } from '../../libs/telemetry/metrics.ts';
import { openDistributedBackends } from './backends.ts';

export interface Recovered extends AuditResult {
  /** The incarnation from now on; undefined for a file, which raises its own at each start. */
  readonly incarnation: number | undefined;
}

export interface RecoverOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
}

const AUDIT_LEASE_MS = 600_000;

/** Raises the incarnation, and audits every open run thoroughly. Rejects when a server does not answer. */
export async function recoverDeployment(
  { config, mode }: Pick<LoadedConfig, 'config' | 'mode'>,
  { log, signal }: RecoverOptions,
): Promise<Recovered> {
  if (mode === 'single_node') return recoverFile(config.store.path, config, { log, signal });
  const metrics = new Metrics();
  // A server that does not answer is reported at once.
  const giveUp = AbortSignal.abort();
  const parts = {
    config,
    name: 'catena-recover',
    localFirst: false,
    receivers: [],
    metrics,
    clock: systemClock,
    log,
    signal: giveUp,
  };
  const backends = await openDistributedBackends(parts);
  try {
    const incarnation = await backends.ledger.raiseIncarnation();
    // Processes at work need not make the same audit; if one has begun, both are harmless.
    const taken = await backends.ledger.takeAudit(AUDIT_LEASE_MS);
    const result = await backends.audit(signal, true);
    if (taken !== undefined) await backends.ledger.endAudit(taken);
    return { incarnation, ...result };
  } finally {
    await backends.close();
  }
}

async function recoverFile(
  path: string,
  policy: LoadedConfig['config'],
  { log, signal }: RecoverOptions,
): Promise<Recovered> {
  const { coordinator, store, close } = openSingleFile({ path, policy, clock: systemClock });
  try {
    const result = await auditRuns(
      {
        ...{ coordinator, store, items: undefined, log },
        // A run that was never opened is opened by the next start.
        bus: { publish: async () => true },
        // Store and coordinator are one file: no run has ended in one of them only.
        liveRuns: none,
      },
      { signal },
    );
    return { incarnation: undefined, ...result };
  } finally {
    close();
  }
}

async function* none(): AsyncGenerator<never> {}

/** Creates or upgrades the tables of the store. */
export async function migrateStore({ config, mode }: Pick<LoadedConfig, 'config' | 'mode'>): Promise<void> {
  if (mode === 'single_node') {
    openSingleFile({ path: config.store.path, policy: config, clock: systemClock }).close();
    return;
  }
  const { url, connections, timeoutMs } = config.store;
  await (await openPostgresStore({ url: url!, connections, timeoutMs })).close();
}
