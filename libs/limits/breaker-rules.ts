/** The transitions of a circuit breaker, as pure functions; the Lua versions are `lua/limits/breaker_*.lua`. */
import type {
  BreakerOutcome,
  BreakerPolicy,
  BreakerSnapshot,
  BreakerState,
  BreakerToken,
  BreakerTransition,
} from './breakers.ts';

/** The stored record of a key. */
export interface BreakerRecord {
  readonly state: BreakerState;
  readonly generation: number;
  /** Nonces of the grants that failed since the last success, so that a repeated report counts once. */
  readonly failed: readonly string[];
  readonly lastFailureMs: number;
  readonly openMs: number;
  /** The trial of a half open breaker: its grant, and its end. */
  readonly trial: string;
  readonly trialUntilMs: number;
  /** The grant whose report began this generation, its change and its time, to answer a repeated report. */
  readonly changedBy: string;
  readonly change: 'opened' | 'closed' | '';
  readonly changedAtMs: number;
}

export const UNKNOWN_BREAKER: BreakerRecord = {
  state: 'closed',
  generation: 0,
  failed: [],
  lastFailureMs: 0,
  openMs: 0,
  trial: '',
  trialUntilMs: 0,
  changedBy: '',
  change: '',
  changedAtMs: 0,
};

/** The new record (the same object when nothing changed), and the answer. */
export interface BreakerStep<Answer> {
  readonly record: BreakerRecord;
  readonly answer: Answer;
}

/** The generation of the grant, or when to try again. */
export type AskAnswer = { readonly generation: number } | { readonly retryAtMs: number };

export interface Ask {
  readonly nonce: string;
  readonly policy: Required<BreakerPolicy>;
  readonly nowMs: number;
}

export function ask(record: BreakerRecord, { nonce, policy, nowMs }: Ask): BreakerStep<AskAnswer> {
  const { state, generation } = record;
  if (state === 'closed' || (state === 'half_open' && record.trial === nonce))
    return { record, answer: { generation } };
  const retryAtMs =
    state === 'open'
      ? record.lastFailureMs + record.openMs
      : Math.min(record.trialUntilMs, nowMs + Math.min(record.openMs, policy.openMs));
  const isOver = nowMs >= (state === 'open' ? retryAtMs : record.trialUntilMs);
  if (!isOver) return { record, answer: { retryAtMs } };
  const trial = { state: 'half_open', trial: nonce, trialUntilMs: nowMs + policy.trialMs } as const;
  const next = { ...record, ...trial, generation: generation + 1, ...UNCHANGED };
  return { record: next, answer: { generation: next.generation } };
}

/** No change that a repeated report could be answered with. */
const UNCHANGED = { changedBy: '', change: '', changedAtMs: 0 } as const;

type Change = Omit<BreakerTransition, 'key'>;

export interface Report {
  readonly token: BreakerToken;
  readonly outcome: BreakerOutcome;
  readonly nowMs: number;
}

export function report(record: BreakerRecord, { token, outcome, nowMs }: Report): BreakerStep<Change | undefined> {
  if (record.generation === token.generation + 1 && record.changedBy === token.nonce) {
    return { record, answer: changeOf(record) };
  }
  const still = { record, answer: undefined };
  if (record.generation !== token.generation) return still;
  if (record.state === 'closed') return reportClosed(record, { token, outcome, nowMs });
  if (record.state !== 'half_open' || record.trial !== token.nonce) return still;
  if (outcome === 'success') return change(record, { state: 'closed', change: 'closed' }, token, nowMs);
  if (outcome === 'neutral') return change(record, { state: 'open', change: '' }, token, nowMs);
  return change(record, { state: 'open', change: 'opened', lastFailureMs: nowMs, openMs: token.openMs }, token, nowMs);
}

function reportClosed(record: BreakerRecord, { token, outcome, nowMs }: Report): BreakerStep<Change | undefined> {
  const still = { record, answer: undefined };
  if (outcome === 'success' && record.failed.length > 0) return { ...still, record: { ...record, failed: [] } };
  if (outcome !== 'failure' || record.failed.includes(token.nonce)) return still;
  const failed = [...record.failed, token.nonce];
  const failure = { lastFailureMs: nowMs, openMs: token.openMs };
  if (failed.length < token.failures) return { ...still, record: { ...record, ...failure, failed } };
  return change(record, { state: 'open', change: 'opened', ...failure }, token, nowMs);
}

/** Closes by hand; no repeated report is answered with this change. */
export function reset(record: BreakerRecord, nowMs: number): BreakerStep<Change | undefined> {
  const generation = record.generation + 1;
  const closed = { ...UNKNOWN_BREAKER, generation };
  if (record.state === 'closed') return { record: closed, answer: undefined };
  return { record: closed, answer: { kind: 'closed', generation, atMs: nowMs } };
}

function change(
  record: BreakerRecord,
  changed: Partial<BreakerRecord>,
  { nonce }: BreakerToken,
  nowMs: number,
): BreakerStep<Change | undefined> {
  const begun = { generation: record.generation + 1, failed: [], trial: '', trialUntilMs: 0 };
  const next = { ...record, ...begun, changedBy: nonce, changedAtMs: nowMs, ...changed };
  return { record: next, answer: changeOf(next) };
}

function changeOf({ change: kind, generation, changedAtMs }: BreakerRecord): Change | undefined {
  return kind === '' ? undefined : { kind, generation, atMs: changedAtMs };
}

export function snapshotOf(key: string, record: BreakerRecord): BreakerSnapshot {
  const { state, generation, failed, lastFailureMs, openMs } = record;
  const trialAtMs = state === 'open' ? lastFailureMs + openMs : undefined;
  return { key, state, generation, failures: failed.length, trialAtMs };
}
