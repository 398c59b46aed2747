/** Examines a PostgreSQL for `catena doctor`. */
import { addClock, addLatency, type Finding, Findings } from '../../config/finding.ts';
import { PostgresDatabase, type PostgresOptions, type Query } from './database.ts';

export interface PostgresLevel {
  /** Whether a failover must lose no accepted run and no item. */
  readonly survivesFailover: boolean;
}

const ROUND_TRIPS = 20;
const LEAST_VERSION = 120_000;
/** Share of the server's connections that may be in use. */
const CROWDED_RATIO = 0.8;

/** Throws `store.…` when it does not answer, or refuses the login. */
export async function examinePostgres(options: PostgresOptions, level: PostgresLevel): Promise<readonly Finding[]> {
  const db = new PostgresDatabase({ ...options, connections: 1 });
  try {
    const findings = new Findings('PostgreSQL');
    const settings = await settingsOf(db.query);
    addVersion(findings, settings);
    addDurability(findings, settings, level);
    await addRole(db.query, findings);
    await addRights(db.query, findings);
    await addConnections(db.query, findings, { settings, wanted: options.connections });
    findings.add('unknown', 'disk', 'the free space of its disk cannot be read over SQL', 'watch it where it runs');
    await addTimes(db.query, findings);
    return findings.list;
  } finally {
    await db.close();
  }
}

type Settings = ReadonlyMap<string, string>;

async function settingsOf(query: Query): Promise<Settings> {
  const rows = await query({
    text: `SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'server_version_num', 'fsync',
      'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', 'max_connections')`,
  });
  return new Map(rows.map(({ name, setting }) => [name as string, setting as string]));
}

function addVersion(findings: Findings, settings: Settings): void {
  const version = settings.get('server_version') ?? 'unknown';
  const isOld = Number(settings.get('server_version_num')) < LEAST_VERSION;
  findings.add(isOld ? 'error' : 'ok', 'version', version, isOld ? 'use version 12 or later' : '');
}

function addDurability(findings: Findings, settings: Settings, { survivesFailover }: PostgresLevel): void {
  const off = ['fsync', 'full_page_writes', 'synchronous_commit'].filter((name) => settings.get(name) === 'off');
  if (off.length > 0) {
    const found = `${off.join(', ')} off: a crash may lose accepted runs and items`;
    findings.add('error', 'persistence', found, `set ${off.join(', ')} to on`);
  } else {
    findings.add('ok', 'persistence', 'a commit is on disk before it is answered');
  }
  const standbys = settings.get('synchronous_standby_names') ?? '';
  if (standbys !== '') findings.add('ok', 'replication', `commits wait for standbys: ${standbys}`);
  else if (survivesFailover) {
    const remedy = 'set synchronous_standby_names, or do not fail over to a standby that is behind';
    findings.add('warning', 'replication', 'no commit waits for a standby: a failover may lose the last ones', remedy);
  } else findings.add('ok', 'replication', 'no commit waits for a standby');
}

async function addRole(query: Query, findings: Findings): Promise<void> {
  const [row] = await query({
    text: `SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS "isReadOnly",
      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuper"`,
  });
  if (row!.isReadOnly === true) findings.add('error', 'role', 'it takes no writes', 'set store.url to the primary');
  else findings.add('ok', 'role', 'it is a primary');
  if (row!.isSuper === true) {
    findings.add('warning', 'permissions', 'the user is a superuser', 'use a role as in deploy/postgres/roles.sql');
  }
}

async function addRights(query: Query, findings: Findings): Promise<void> {
  const [row] = await query({
    text: `SELECT has_schema_privilege(current_schema(), 'CREATE') AS "mayCreate",
      to_regclass('runs') IS NOT NULL AS "hasTables",
      coalesce((SELECT bool_and(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
        FROM pg_class c WHERE c.relkind = 'r' AND c.relname IN ('runs', 'items', 'events', 'dead_letters')), false) AS "mayWrite"`,
  });
  const { mayCreate, hasTables, mayWrite } = row!;
  if (hasTables === true && mayWrite !== true) {
    findings.add(
      'error',
      'permissions',
      'the user may not write the tables',
      'grant it the rights of deploy/postgres/roles.sql',
    );
  } else if (hasTables !== true && mayCreate !== true) {
    const remedy = 'run `catena migrate` as their owner';
    findings.add('error', 'permissions', 'there are no tables, and the user may not create them', remedy);
  } else {
    const tables = hasTables === true ? 'the user may write the tables' : 'there are no tables yet';
    findings.add('ok', 'permissions', mayCreate === true ? `${tables}, and may create them` : tables);
  }
}

async function addConnections(
  query: Query,
  findings: Findings,
  { settings, wanted }: { readonly settings: Settings; readonly wanted: number },
): Promise<void> {
  const [row] = await query({ text: 'SELECT count(*) AS n FROM pg_stat_activity WHERE backend_type = $1' }, [
    'client backend',
  ]);
  const [used, most] = [row!.n as number, Number(settings.get('max_connections'))];
  const isCrowded = used > most * CROWDED_RATIO;
  const found = `${used} of ${most} connections in use; each process opens up to ${wanted}`;
  const remedy = isCrowded ? 'raise max_connections, or lower store.connections' : '';
  findings.add(isCrowded ? 'warning' : 'ok', 'connections', found, remedy);
}

async function addTimes(query: Query, findings: Findings): Promise<void> {
  const tookMs: number[] = [];
  let aheadMs = 0;
  for (let times = 0; times < ROUND_TRIPS; times += 1) {
    const startedMs = performance.now();
    const [row] = await query({
      name: 'now',
      text: 'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms',
    });
    tookMs.push(performance.now() - startedMs);
    aheadMs = (row!.ms as number) - (Date.now() - tookMs.at(-1)! / 2);
  }
  addLatency(findings, tookMs);
  addClock(findings, aheadMs, tookMs.at(-1)! / 2);
}
