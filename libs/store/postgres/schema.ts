/** Tables of the store in PostgreSQL. Forward only: a released migration is never changed. */
export const POSTGRES_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE runs (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    task_id TEXT NOT NULL,
    account TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    idempotency_key TEXT,
    state TEXT NOT NULL DEFAULT 'accepted',
    accepted_at BIGINT NOT NULL,
    record TEXT NOT NULL,
    run_end TEXT NOT NULL DEFAULT '',
    ended_at BIGINT NOT NULL DEFAULT 0,
    expired BOOLEAN NOT NULL DEFAULT FALSE,
    last_seq BIGINT NOT NULL DEFAULT 0,
    withdrawn_seq BIGINT NOT NULL DEFAULT 0,
    settlings BIGINT NOT NULL DEFAULT 0
  );
  CREATE UNIQUE INDEX runs_by_key ON runs (account, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX runs_by_fingerprint ON runs (fingerprint, no);
  CREATE INDEX runs_by_state ON runs (state, accepted_at, no);
  CREATE INDEX runs_by_account ON runs (account, accepted_at, no);
  CREATE INDEX runs_by_acceptance ON runs (accepted_at, no);
  CREATE INDEX runs_by_end ON runs (ended_at) WHERE state = 'closed' AND NOT expired;

  CREATE TABLE run_modules (
    module_id TEXT NOT NULL,
    accepted_at BIGINT NOT NULL,
    run_no BIGINT NOT NULL,
    PRIMARY KEY (module_id, accepted_at, run_no)
  );

  -- A row without a sequence number is not shown. A marker (ordinal -1) stands for a commit without items; its number is 0.
  CREATE TABLE items (
    run_no BIGINT NOT NULL,
    node_id TEXT NOT NULL,
    token TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    seq BIGINT,
    phase INTEGER NOT NULL,
    module_id TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run_no, node_id, token, ordinal)
  );
  CREATE UNIQUE INDEX items_by_seq ON items (run_no, seq) WHERE seq > 0;
  -- One entry per execution: its first row.
  CREATE INDEX items_unconfirmed ON items (run_no, node_id, token) WHERE seq IS NULL AND ordinal <= 0;

  CREATE TABLE dead_letters (
    run_no BIGINT NOT NULL,
    node_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    letter TEXT NOT NULL,
    discarded BOOLEAN NOT NULL DEFAULT FALSE,
    settling BIGINT NOT NULL,
    PRIMARY KEY (run_no, node_id)
  );

  CREATE TABLE events (
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    run_no BIGINT NOT NULL,
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (run_no, id)
  );
  CREATE INDEX events_in_order ON events (run_no, seq);

  CREATE TABLE exports (
    run_no BIGINT NOT NULL,
    path TEXT NOT NULL,
    seq BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    layout TEXT NOT NULL,
    PRIMARY KEY (run_no, path)
  );

  CREATE TABLE accounts (
    account TEXT NOT NULL,
    platform TEXT NOT NULL,
    login TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account, platform)
  );

  CREATE TABLE foreign_messages (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    at BIGINT NOT NULL
  );

  -- How often the coordinator went back to an earlier state, as far as anybody said so; one row.
  CREATE TABLE incarnation (id BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (id), value BIGINT NOT NULL);
  INSERT INTO incarnation (value) VALUES (1);
  `,
  `
  -- A cache of answers: what a crash of the server takes away is asked for again.
  CREATE UNLOGGED TABLE answers (
    key TEXT PRIMARY KEY,
    stored_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    size INTEGER NOT NULL,
    bytes BYTEA NOT NULL
  );
  CREATE INDEX answers_by_age ON answers (stored_at, key) INCLUDE (size);
  CREATE INDEX answers_by_expiry ON answers (expires_at);
  `,
  `
  ALTER TABLE runs ADD COLUMN run_user TEXT;
  CREATE INDEX runs_by_user ON runs (run_user, accepted_at, no) WHERE run_user IS NOT NULL;
  `,
  `
  -- What closed runs have cost, in millionths of the currency: to be summed up.
  ALTER TABLE runs ADD COLUMN cost BIGINT NOT NULL DEFAULT 0;
  `,
  `
  -- The marker is raised in Redis and then here, each second: one that is behind in Redis proves that writes were lost.
  ALTER TABLE incarnation
    ADD COLUMN marker BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN marked_at TIMESTAMPTZ NOT NULL DEFAULT '-infinity',
    -- The replication ids of the primaries that had it.
    ADD COLUMN primaries TEXT NOT NULL DEFAULT '',
    ADD COLUMN audits_wanted BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN audits_done BIGINT NOT NULL DEFAULT 0,
    -- The end of the lease of the process that audits.
    ADD COLUMN audit_until TIMESTAMPTZ NOT NULL DEFAULT '-infinity';
  `,
  `
  -- What processes of this deployment mean by a module id.
  CREATE TABLE module_contracts (module_id TEXT PRIMARY KEY, contract TEXT NOT NULL, code TEXT NOT NULL);
  `,
  `
  ALTER TABLE items
    ADD COLUMN revision INTEGER NOT NULL DEFAULT 1,
    -- A later revision of the node has replaced the row; it keeps its number.
    ADD COLUMN replaced BOOLEAN NOT NULL DEFAULT FALSE;
  CREATE INDEX items_replaced ON items (run_no, seq) WHERE replaced;

  -- What open requests have received so far.
  CREATE TABLE partials (
    run_no BIGINT NOT NULL,
    node_id TEXT NOT NULL,
    module_id TEXT NOT NULL,
    phase INTEGER NOT NULL,
    received_at BIGINT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run_no, node_id)
  );
  `,
  `
  -- In which order runs that wait are opened, and which of them have missed their deadline.
  ALTER TABLE runs ADD COLUMN priority_class SMALLINT NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN deadline_at BIGINT NOT NULL DEFAULT 0;
  UPDATE runs SET priority_class = sign(coalesce((record::json ->> 'priority')::numeric, 0)),
    deadline_at = coalesce((record::json ->> 'deadlineAtMs')::numeric, 0) WHERE state <> 'closed';
  CREATE INDEX runs_by_class ON runs (state, priority_class, accepted_at, no);
  CREATE INDEX runs_by_deadline ON runs (state, deadline_at) WHERE deadline_at > 0;
  `,
  `
  -- Named tasks: what their ended runs have counted since the last lift, and whether new ones may begin.
  CREATE TABLE tasks (
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    executions BIGINT NOT NULL DEFAULT 0,
    errors BIGINT NOT NULL DEFAULT 0,
    -- Errors of the last runs, as far as none of them has an item.
    error_streak BIGINT NOT NULL DEFAULT 0,
    cools_until BIGINT NOT NULL DEFAULT 0,
    lifts BIGINT NOT NULL DEFAULT 0,
    -- JSON; empty: none.
    mark TEXT NOT NULL DEFAULT '',
    -- Set with the mark, until none of its runs is open.
    ending BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (account, name)
  );
  CREATE INDEX tasks_ending ON tasks (account, name) WHERE ending;
  CREATE INDEX tasks_marked ON tasks (account, name) WHERE mark <> '';
  -- What a run has counted for its task, and how often that was lifted when the run was opened.
  ALTER TABLE runs ADD COLUMN counted_executions BIGINT NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN counted_errors BIGINT NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN task_lifts BIGINT NOT NULL DEFAULT 0;
  CREATE INDEX runs_by_task ON runs (account, task_id, accepted_at, no) WHERE task_id <> run_id;
  CREATE INDEX runs_open_by_task ON runs (account, task_id, accepted_at, no) WHERE state = 'open' AND task_id <> run_id;
  `,
  `
  -- How many nodes a closed run has: what is kept of them all is bounded.
  ALTER TABLE runs ADD COLUMN nodes BIGINT NOT NULL DEFAULT 0;
  UPDATE runs SET nodes = coalesce((run_end::json ->> 'done')::numeric + (run_end::json ->> 'dead')::numeric, 0)
    WHERE state = 'closed' AND NOT expired AND run_end <> '';
  DROP INDEX runs_by_end;
  CREATE INDEX runs_by_end ON runs (ended_at) INCLUDE (nodes) WHERE state = 'closed' AND NOT expired;
  CREATE INDEX runs_expired ON runs (ended_at) WHERE state = 'closed' AND expired;
  `,
];
