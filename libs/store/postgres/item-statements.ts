/** The statements of items. A row is visible while `seq` is set; a marker has 0, so that no reader sees it. */
import type { Statement } from './database.ts';

export const INSERT: Statement = {
  name: 'insert_items',
  text: `INSERT INTO items (run_no, node_id, token, ordinal, phase, module_id, type, data, revision)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[], $6::text[], $7::text[], $8::text[],
      $9::int[])
    ON CONFLICT DO NOTHING`,
};

/** How many rows executions have, in the given order; ordinals have no gaps. */
export const SIZES: Statement = {
  name: 'size_items',
  text: `SELECT coalesce((SELECT max(i.ordinal) + 1 FROM items i
      WHERE i.run_no = $1 AND i.node_id = given.node_id AND i.token = given.token), 0) AS size
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (node_id, token, position) ORDER BY given.position`,
};

export const LOCK_RUN: Statement = {
  name: 'lock_run',
  text: 'SELECT last_seq FROM runs WHERE no = $1 FOR NO KEY UPDATE',
};

/** Nodes with visible rows that are neither these nor the replaceable ones. */
export const REFUSED: Statement = {
  name: 'refused_confirmations',
  text: `SELECT given.node_id FROM unnest($2::text[], $3::text[], $4::text[]) AS given (node_id, token, replaces)
    WHERE EXISTS (SELECT FROM items i WHERE i.run_no = $1 AND i.node_id = given.node_id
      AND i.token <> given.token AND i.token <> given.replaces AND i.seq IS NOT NULL AND NOT i.replaced)`,
};

/** Marks the rows of earlier revisions of nodes; sinks still get them. Call it before {@link WITHDRAW}. */
export const REPLACE: Statement = {
  name: 'replace_items',
  // The revision is read once for each node: a node may have thousands of rows.
  text: `WITH own AS MATERIALIZED (
      SELECT given.node_id, given.token, (SELECT max(i.revision) FROM items i
        WHERE i.run_no = $1 AND i.node_id = given.node_id AND i.token = given.token) AS revision
      FROM unnest($2::text[], $3::text[]) AS given (node_id, token)
    )
    UPDATE items i SET replaced = TRUE FROM own
    WHERE i.run_no = $1 AND i.node_id = own.node_id AND i.token <> own.token AND i.seq IS NOT NULL AND NOT i.replaced
      AND i.revision < own.revision`,
};

/** Hides rows and keeps them until the run is closed, so that a later confirmation can show them again. */
export const WITHDRAW: Statement = {
  name: 'withdraw_items',
  text: `WITH shown AS MATERIALIZED (
      SELECT i.node_id, i.token, i.ordinal, i.seq
      FROM unnest($2::text[], $3::text[]) AS given (node_id, token)
      CROSS JOIN LATERAL (SELECT * FROM items WHERE run_no = $1 AND node_id = given.node_id
        AND token <> given.token AND seq IS NOT NULL AND NOT replaced) i
      WHERE EXISTS (SELECT FROM items own WHERE own.run_no = $1 AND own.node_id = given.node_id
        AND own.token = given.token)
    ), withdrawn AS (
      UPDATE items i SET seq = NULL FROM shown s
      WHERE i.run_no = $1 AND i.node_id = s.node_id AND i.token = s.token AND i.ordinal = s.ordinal
    ), lowest AS (SELECT min(seq) AS seq FROM shown WHERE seq > 0)
    UPDATE runs SET withdrawn_seq = CASE WHEN withdrawn_seq = 0 THEN lowest.seq ELSE least(withdrawn_seq, lowest.seq) END
    FROM lowest WHERE runs.no = $1 AND lowest.seq IS NOT NULL`,
};

/** The executions of the last rows before a number. */
export const SHOWN: Statement = {
  name: 'list_shown',
  text: `SELECT node_id AS "nodeId", token, module_id AS "moduleId", phase, min(seq) AS seq
    FROM (SELECT node_id, token, module_id, phase, seq FROM items
      WHERE run_no = $1 AND seq > 0 AND seq < $2 AND NOT replaced ORDER BY seq DESC LIMIT $3) AS last
    GROUP BY node_id, token, module_id, phase`,
};

/** Hides rows whose commits were lost, and keeps them until the run is closed. */
export const WITHDRAW_LOST: Statement = {
  name: 'withdraw_lost_items',
  text: `WITH shown AS MATERIALIZED (
      SELECT i.node_id, i.token, i.ordinal, i.seq
      FROM unnest($2::text[], $3::text[]) AS given (node_id, token)
      CROSS JOIN LATERAL (SELECT * FROM items WHERE run_no = $1 AND node_id = given.node_id
        AND token = given.token AND seq IS NOT NULL) i
    ), withdrawn AS (
      UPDATE items i SET seq = NULL FROM shown s
      WHERE i.run_no = $1 AND i.node_id = s.node_id AND i.token = s.token AND i.ordinal = s.ordinal
    ), lowest AS (SELECT min(seq) AS seq FROM shown WHERE seq > 0)
    UPDATE runs SET withdrawn_seq = CASE WHEN withdrawn_seq = 0 THEN lowest.seq ELSE least(withdrawn_seq, lowest.seq) END
    FROM lowest WHERE runs.no = $1 AND lowest.seq IS NOT NULL`,
};

/** Numbers continue after $4, the run's last. */
export const CONFIRM: Statement = {
  name: 'confirm_items',
  text: `WITH numbered AS MATERIALIZED (
      SELECT i.node_id, i.token, i.ordinal, CASE WHEN i.ordinal < 0 THEN 0
        ELSE $4::bigint + row_number() OVER (PARTITION BY i.ordinal < 0 ORDER BY given.position, i.ordinal) END AS seq
      FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (node_id, token, position)
      CROSS JOIN LATERAL (SELECT * FROM items WHERE run_no = $1 AND node_id = given.node_id
        AND token = given.token AND seq IS NULL) i
    ), confirmed AS (
      UPDATE items i SET seq = n.seq FROM numbered n
      WHERE i.run_no = $1 AND i.node_id = n.node_id AND i.token = n.token AND i.ordinal = n.ordinal
    )
    UPDATE runs SET last_seq = greatest(last_seq, (SELECT max(seq) FROM numbered)) WHERE no = $1`,
};

export const UNCONFIRMED: Statement = {
  name: 'list_unconfirmed',
  text: `SELECT i.node_id AS "nodeId", i.token, i.module_id AS "moduleId", i.phase, coalesce((
      SELECT s.token FROM items s WHERE s.run_no = $1 AND s.node_id = i.node_id AND s.seq IS NOT NULL AND NOT s.replaced
        LIMIT 1), '') AS shown
    FROM items i
    WHERE i.run_no = $1 AND i.seq IS NULL AND i.ordinal <= 0 AND (i.node_id, i.token) > ($2, $3)
    ORDER BY i.node_id, i.token LIMIT $4`,
};

/** `seq > 0` matches the partial index; `seq > $2` is the start. */
export function readStatement(ofType: boolean, ofJoin: boolean, withReplaced: boolean): Statement {
  const join = ofType ? 'AND module_id = $5 AND phase < $6' : 'AND module_id = $4 AND phase < $5';
  return {
    name: `read_items${ofType ? '_of_type' : ''}${ofJoin ? '_of_join' : ''}${withReplaced ? '_all' : ''}`,
    text: `SELECT seq, module_id AS "moduleId", type, data, revision FROM items
      WHERE run_no = $1 AND seq > 0 AND seq > $2 ${withReplaced ? '' : 'AND NOT replaced'} ${ofType ? 'AND type = $4' : ''} ${ofJoin ? join : ''}
      ORDER BY seq LIMIT $3`,
  };
}

export const COUNT: Statement = {
  name: 'count_items',
  text: 'SELECT count(*) AS n FROM items WHERE run_no = $1 AND seq > 0 AND NOT replaced',
};

export const WITHDRAWN: Statement = {
  name: 'withdrawn_seq',
  text: 'SELECT withdrawn_seq FROM runs WHERE no = $1',
};

/** Whether a later revision has replaced a row up to a number. */
export const REPLACED: Statement = {
  name: 'has_replaced_items',
  text: 'SELECT EXISTS (SELECT FROM items WHERE run_no = $1 AND seq <= $2 AND replaced) AS found',
};

/** All rows of some executions: at least one, and more as long as they have fewer than $2 rows together. */
export const PRUNE: Statement = {
  name: 'prune_items',
  text: `WITH hidden AS MATERIALIZED (
      SELECT node_id, token FROM items WHERE run_no = $1 AND seq IS NULL AND ordinal <= 0
      ORDER BY node_id, token LIMIT $2
    ), sized AS (
      SELECT h.node_id, h.token, sum(last.ordinal + 1) OVER earlier AS rows_before
      FROM hidden h CROSS JOIN LATERAL (SELECT max(ordinal) AS ordinal FROM items
        WHERE run_no = $1 AND node_id = h.node_id AND token = h.token) last
      WINDOW earlier AS (ORDER BY h.node_id, h.token ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), deleted AS (
      DELETE FROM items i USING sized s
      WHERE i.run_no = $1 AND i.node_id = s.node_id AND i.token = s.token AND i.seq IS NULL
        AND coalesce(s.rows_before, 0) < $2
      RETURNING 1
    )
    SELECT count(*) AS n FROM deleted`,
};
