/** Tables of the store. They stand in the coordinator's file: an item's visibility is its node's committed token. */
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
];
