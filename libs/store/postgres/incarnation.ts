/** What the store knows of the coordinator's losses: the incarnation, the marker, and the audits that are wanted. One row. */
import type { Query, Statement } from './database.ts';

/** What one look at the row tells. */
export interface MarkerTurn {
  readonly incarnation: number;
  /** The highest marker that the coordinator has confirmed. */
  readonly marker: number;
  /** The replication ids of the primaries that confirmed it; empty before the first marker. */
  readonly primaries: string;
  /** Whether this process is to raise the marker now. */
  readonly isTurn: boolean;
  /** Whether an audit is wanted that nobody makes. */
  readonly wantsAudit: boolean;
}

export interface Incarnation {
  /** Reads how often the coordinator has lost state; starts at 1. */
  incarnation(): Promise<number>;
  /** Raises the number, wants an audit, and returns the number. */
  raiseIncarnation(): Promise<number>;
  /** Takes the turn to raise the marker if nobody has had it for `intervalMs`, and reads the row. */
  takeMarkerTurn(intervalMs: number): Promise<MarkerTurn>;
  /** Records a marker that the coordinator has stored, and where. */
  confirmMarker(marker: number, primaries: string): Promise<void>;
  /** Wants an audit because of new primaries, once for all processes that notice them. */
  wantAudit(primaries: { readonly before: string; readonly now: string }): Promise<void>;
  /** Takes the wanted audit for a while, or extends one's own; undefined when none is wanted or another process makes it. */
  takeAudit(leaseMs: number, own?: number): Promise<number | undefined>;
  /** Records that an audit has ended, and with it those that were wanted before it was taken. */
  endAudit(taken: number): Promise<void>;
  /** Lets another process make the audit at once. */
  leaveAudit(): Promise<void>;
}

export function incarnationIn(query: Query): Incarnation {
  return {
    incarnation: async () => (await query(INCARNATION))[0]!.value as number,
    raiseIncarnation: async () => (await query(RAISE))[0]!.value as number,
    takeMarkerTurn: async (intervalMs) => (await query(TAKE_TURN, [intervalMs]))[0] as unknown as MarkerTurn,
    confirmMarker: async (marker, primaries) => void (await query(CONFIRM_MARKER, [marker, primaries])),
    wantAudit: async ({ before, now }) => void (await query(WANT_AUDIT, [before, now])),
    takeAudit: async (leaseMs, own) => {
      const [row] = await query(own === undefined ? TAKE_AUDIT : KEEP_AUDIT, [leaseMs]);
      return row?.taken as number | undefined;
    },
    endAudit: async (taken) => void (await query(END_AUDIT, [taken])),
    leaveAudit: async () => void (await query(LEAVE_AUDIT)),
  };
}

const INCARNATION: Statement = { name: 'incarnation', text: 'SELECT value FROM incarnation' };

const RAISE: Statement = {
  name: 'raise_incarnation',
  text: 'UPDATE incarnation SET value = value + 1, audits_wanted = audits_wanted + 1 RETURNING value',
};

/** The row is read as it was before the update, which changes nothing that is read. */
const TAKE_TURN: Statement = {
  name: 'take_marker_turn',
  text: `WITH taken AS (
      UPDATE incarnation SET marked_at = clock_timestamp()
      WHERE marked_at <= clock_timestamp() - make_interval(secs => $1::double precision / 1000) RETURNING 1
    )
    SELECT value AS incarnation, marker, primaries, EXISTS (SELECT FROM taken) AS "isTurn",
      audits_done < audits_wanted AND audit_until <= clock_timestamp() AS "wantsAudit"
    FROM incarnation`,
};

const CONFIRM_MARKER: Statement = {
  name: 'confirm_marker',
  text: 'UPDATE incarnation SET marker = greatest(marker, $1), primaries = $2',
};

const WANT_AUDIT: Statement = {
  name: 'want_audit',
  text: 'UPDATE incarnation SET audits_wanted = audits_wanted + 1, primaries = $2 WHERE primaries = $1',
};

const TAKE_AUDIT: Statement = {
  name: 'take_audit',
  text: `UPDATE incarnation SET audit_until = clock_timestamp() + make_interval(secs => $1::double precision / 1000)
    WHERE audits_done < audits_wanted AND audit_until <= clock_timestamp() RETURNING audits_wanted AS taken`,
};

const KEEP_AUDIT: Statement = {
  name: 'keep_audit',
  text: `UPDATE incarnation SET audit_until = clock_timestamp() + make_interval(secs => $1::double precision / 1000)
    RETURNING audits_wanted AS taken`,
};

const LEAVE_AUDIT: Statement = { name: 'leave_audit', text: "UPDATE incarnation SET audit_until = '-infinity'" };

const END_AUDIT: Statement = {
  name: 'end_audit',
  text: `UPDATE incarnation SET audits_done = greatest(audits_done, $1), audit_until = '-infinity'`,
};
