/**
 * Tables of the store. They share the coordinator's file, because a node's committed token decides whether its items are
 * visible.
 */
export const STORE_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE runs (
    no INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    task_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    record TEXT NOT NULL,
    run_end TEXT NOT NULL DEFAULT '',
    withdrawn_seq INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX runs_by_fingerprint ON runs (fingerprint, no);
  CREATE INDEX runs_by_end ON runs (ended_at) WHERE state = 'closed' AND expired = 0;
  CREATE INDEX runs_by_state ON runs (state, no);

  CREATE TABLE items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_no INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    module_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    token TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX items_by_run ON items (run_no, seq);

  CREATE TABLE dead_letters (
    run_no INTEGER NOT NULL,
    node_id TEXT NOT NULL,
    letter TEXT NOT NULL,
    PRIMARY KEY (run_no, node_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    run_no INTEGER NOT NULL,
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    UNIQUE (run_no, id)
  ) STRICT;

  CREATE TABLE exports (
    run_no INTEGER NOT NULL,
    path TEXT NOT NULL,
    seq INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    layout TEXT NOT NULL,
    PRIMARY KEY (run_no, path)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE runs ADD COLUMN account TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN idempotency_key TEXT;
  UPDATE runs SET account = json_extract(record, '$.account');
  CREATE UNIQUE INDEX runs_by_key ON runs (account, idempotency_key) WHERE idempotency_key IS NOT NULL;
  DROP INDEX runs_by_state;
  CREATE INDEX runs_by_state ON runs (state, accepted_at, no);
  CREATE INDEX runs_by_account ON runs (account, accepted_at, no);
  CREATE INDEX runs_by_acceptance ON runs (accepted_at, no);

  CREATE TABLE run_modules (
    module_id TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    run_no INTEGER NOT NULL,
    PRIMARY KEY (module_id, accepted_at, run_no)
  ) STRICT, WITHOUT ROWID;
  INSERT OR IGNORE INTO run_modules
    SELECT module.value, runs.accepted_at, runs.no FROM runs, json_each(runs.record, '$.modules') module;

  ALTER TABLE dead_letters ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE dead_letters ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE accounts (
    account TEXT NOT NULL,
    platform TEXT NOT NULL,
    login TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (account, platform)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE foreign_messages (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    bytes BLOB NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN run_user TEXT;
  CREATE INDEX runs_by_user ON runs (run_user, accepted_at, no) WHERE run_user IS NOT NULL;
  `,
  `
  -- What closed runs have cost, in millionths of the currency: to be summed up.
  ALTER TABLE runs ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- What this file means by a module id.
  CREATE TABLE module_contracts (
    module_id TEXT PRIMARY KEY,
    contract TEXT NOT NULL,
    code TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE items ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
  -- Set when the run is closed: until then the nodes tell which rows a later revision has replaced.
  ALTER TABLE items ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0;

  -- What open requests have received so far.
  CREATE TABLE partials (
    run_no INTEGER NOT NULL,
    node_id TEXT NOT NULL,
    module_id TEXT NOT NULL,
    phase INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run_no, node_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- In which order runs that wait are opened, and which of them have missed their deadline.
  ALTER TABLE runs ADD COLUMN priority_class INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN deadline_at INTEGER NOT NULL DEFAULT 0;
  UPDATE runs SET priority_class = sign(coalesce(json_extract(record, '$.priority'), 0)),
    deadline_at = coalesce(json_extract(record, '$.deadlineAtMs'), 0) WHERE state <> 'closed';
  CREATE INDEX runs_by_class ON runs (state, priority_class, accepted_at, no);
  CREATE INDEX runs_by_deadline ON runs (state, deadline_at) WHERE deadline_at > 0;
  `,
  `
  -- Named tasks: what their ended runs have counted since the last lift, and whether new ones may begin.
  CREATE TABLE tasks (
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    executions INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    -- Errors of the last runs, as far as none of them has an item.
    error_streak INTEGER NOT NULL DEFAULT 0,
    cools_until INTEGER NOT NULL DEFAULT 0,
    lifts INTEGER NOT NULL DEFAULT 0,
    -- JSON; empty: none.
    mark TEXT NOT NULL DEFAULT '',
    -- Set with the mark, until none of its runs is open.
    ending INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_ending ON tasks (account, name) WHERE ending = 1;
  CREATE INDEX tasks_marked ON tasks (account, name) WHERE mark <> '';
  -- What a run has counted for its task, and how often that was lifted when the run was opened.
  ALTER TABLE runs ADD COLUMN counted_executions INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN counted_errors INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN task_lifts INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX runs_by_task ON runs (account, task_id, accepted_at, no) WHERE task_id <> run_id;
  CREATE INDEX runs_open_by_task ON runs (account, task_id, accepted_at, no) WHERE state = 'open' AND task_id <> run_id;
  `,
  `
  -- How many nodes a closed run has: what is kept of them all is bounded.
  ALTER TABLE runs ADD COLUMN nodes INTEGER NOT NULL DEFAULT 0;
  UPDATE runs SET nodes = coalesce(json_extract(run_end, '$.done') + json_extract(run_end, '$.dead'), 0)
    WHERE state = 'closed' AND expired = 0 AND run_end <> '';
  DROP INDEX runs_by_end;
  CREATE INDEX runs_by_end ON runs (ended_at, nodes) WHERE state = 'closed' AND expired = 0;
  CREATE INDEX runs_expired ON runs (ended_at) WHERE state = 'closed' AND expired = 1;
  `,
];
