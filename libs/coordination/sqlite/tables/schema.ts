import { LAST_OPENING_MS, READY_HOP_MS, READY_REQUEST_MS } from '../../protocol/node.ts';

/** Tables of the coordinator. Instants are Unix milliseconds; `due_at` is 0 once a node is terminal. */
export const COORDINATION_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE chain_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO chain_meta VALUES ('incarnation', 0);

  CREATE TABLE chain_runs (
    no INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    mark TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    paused INTEGER NOT NULL DEFAULT 0,
    openings INTEGER NOT NULL DEFAULT 1,
    executions INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX chain_runs_by_state ON chain_runs (state);

  CREATE TABLE chain_modules (
    no INTEGER PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES chain_runs (no) ON DELETE CASCADE,
    module_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    current_phase INTEGER NOT NULL DEFAULT 0,
    highest_step INTEGER NOT NULL DEFAULT -1,
    executions INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    error_streak INTEGER NOT NULL DEFAULT 0,
    cooldown_until INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run_no, module_id)
  ) STRICT;

  CREATE TABLE chain_phases (
    no INTEGER PRIMARY KEY,
    module_no INTEGER NOT NULL REFERENCES chain_modules (no) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    created INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0,
    superseded INTEGER NOT NULL DEFAULT 0,
    closed TEXT NOT NULL DEFAULT '',
    closings INTEGER NOT NULL DEFAULT 0,
    deadline_at INTEGER NOT NULL DEFAULT 0,
    join_policy TEXT NOT NULL,
    opener TEXT NOT NULL DEFAULT '',
    UNIQUE (module_no, idx)
  ) STRICT;

  CREATE TABLE chain_nodes (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    phase_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    step_idx INTEGER NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    dispatches INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    reopened INTEGER NOT NULL DEFAULT 0,
    error_epoch INTEGER NOT NULL DEFAULT -1,
    owner TEXT NOT NULL DEFAULT '',
    token TEXT NOT NULL DEFAULT '',
    committed_token TEXT NOT NULL DEFAULT '',
    handed_over TEXT NOT NULL DEFAULT '',
    death_reason TEXT NOT NULL DEFAULT '',
    decisions TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    limit_key TEXT NOT NULL DEFAULT '',
    prefix_request TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX chain_due ON chain_nodes (phase_no, due_at) WHERE due_at > 0;
  CREATE INDEX chain_dead ON chain_nodes (phase_no, no) WHERE death_reason <> '';

  CREATE TABLE chain_staged (
    no INTEGER PRIMARY KEY,
    node_no INTEGER NOT NULL,
    token TEXT NOT NULL,
    id TEXT NOT NULL,
    seed TEXT NOT NULL,
    UNIQUE (node_no, token, id)
  ) STRICT;
  CREATE INDEX chain_staged_in_order ON chain_staged (node_no, token, no);

  CREATE TABLE chain_fallback_gates (
    module_no INTEGER NOT NULL REFERENCES chain_modules (no) ON DELETE CASCADE,
    step_idx INTEGER NOT NULL,
    prefix_request TEXT NOT NULL,
    PRIMARY KEY (module_no, step_idx, prefix_request)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chain_reorder (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    response TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chain_events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    run_no INTEGER NOT NULL REFERENCES chain_runs (no) ON DELETE CASCADE,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX chain_events_by_run ON chain_events (run_no, seq);
  `,
  `ALTER TABLE chain_modules ADD COLUMN produced_steps TEXT NOT NULL DEFAULT ''`,
  `
  ALTER TABLE chain_modules ADD COLUMN early_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chain_modules ADD COLUMN front INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chain_modules ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
  UPDATE chain_modules SET front = current_phase;
  ALTER TABLE chain_nodes ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chain_nodes ADD COLUMN early INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE chain_nodes ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chain_nodes ADD COLUMN window_place INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chain_phases ADD COLUMN inside_hops INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chain_phases ADD COLUMN inside_requests INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chain_phases ADD COLUMN ready_hops INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chain_phases ADD COLUMN ready_requests INTEGER NOT NULL DEFAULT 0;
  UPDATE chain_nodes SET place = no;
  UPDATE chain_nodes SET window_place = 2,
    due_at = place + CASE kind WHEN 'hop' THEN ${READY_HOP_MS} ELSE ${READY_REQUEST_MS} END
    WHERE state = 'pending' AND due_at > 0 AND due_at < ${LAST_OPENING_MS};
  UPDATE chain_nodes SET window_place = 1 WHERE state IN ('processing', 'fetched', 'failed', 'releasing');
  UPDATE chain_phases SET (inside_hops, inside_requests, ready_hops, ready_requests) = (
    SELECT coalesce(sum(window_place = 1 AND kind = 'hop'), 0), coalesce(sum(window_place = 1 AND kind = 'request'), 0),
      coalesce(sum(window_place = 2 AND kind = 'hop'), 0), coalesce(sum(window_place = 2 AND kind = 'request'), 0)
    FROM chain_nodes WHERE phase_no = chain_phases.no AND due_at > 0);
  `,
  `ALTER TABLE chain_runs ADD COLUMN task_id TEXT NOT NULL DEFAULT ''`,
  `
  -- What runs with caps have used of them; JSON, empty without caps.
  ALTER TABLE chain_runs ADD COLUMN cap_use TEXT NOT NULL DEFAULT '';
  ALTER TABLE chain_modules ADD COLUMN fetch_steps TEXT NOT NULL DEFAULT '';
  ALTER TABLE chain_phases ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;
  -- Of a run with caps, the items of the node's last commit.
  ALTER TABLE chain_nodes ADD COLUMN items INTEGER NOT NULL DEFAULT 0;
  `,
];
