/** The bindings of the scripts of shared limits. */
import type { Script } from '../../coordination/redis/script.ts';

const BreakerAcquireCode = { GRANTED: 0, REFUSED: 1 } as const;
export const BreakerReportCode = { NOTED: 0, OPENED: 1, CLOSED: 2, STALE: 3 } as const;
const BreakerResetCode = { WAS_CLOSED: 0, CLOSED: 1 } as const;
const BudgetReserveCode = { GRANTED: 0, REFUSED: 1 } as const;
const BudgetSettleCode = { SETTLED: 0, UNKNOWN_BUDGET: 1 } as const;
const LimitLookCode = { SEEN: 0 } as const;
const LimitTakeCode = { GRANTED: 0, WAIT: 1 } as const;

export const acquireScript: Script<typeof BreakerAcquireCode> = {
  name: 'breaker_acquire',
  table: 'BreakerAcquireCode',
  codes: BreakerAcquireCode,
  keys: ['breaker'],
  args: ['now', 'nonce', 'open_ms', 'trial_ms', 'kept_ms'],
};
export const reportScript: Script<typeof BreakerReportCode> = {
  name: 'breaker_report',
  table: 'BreakerReportCode',
  codes: BreakerReportCode,
  keys: ['breaker'],
  args: ['now', 'generation', 'nonce', 'failures', 'open_ms', 'outcome', 'kept_ms'],
};
export const resetScript: Script<typeof BreakerResetCode> = {
  name: 'breaker_reset',
  table: 'BreakerResetCode',
  codes: BreakerResetCode,
  keys: ['breaker'],
  args: ['now', 'kept_ms'],
};
export const lookScript: Script<typeof LimitLookCode> = {
  name: 'limit_look',
  table: 'LimitLookCode',
  codes: LimitLookCode,
  keys: ['limit'],
  args: ['now', 'spacing_ms'],
};
export const takeScript: Script<typeof LimitTakeCode> = {
  name: 'limit_take',
  table: 'LimitTakeCode',
  codes: LimitTakeCode,
  keys: ['limit'],
  args: [
    ...['now', 'holder', 'holding', 'wanted', 'spacing_ms', 'concurrency', 'lease_ms', 'delay_ms', 'interval_ms'],
    'kept_ms',
  ],
};

export const reserveScript: Script<typeof BudgetReserveCode> = {
  name: 'budget_reserve',
  table: 'BudgetReserveCode',
  codes: BudgetReserveCode,
  keys: ['budget'],
  args: ['entry', 'attempt', 'amount', 'cap'],
};
export const settleScript: Script<typeof BudgetSettleCode> = {
  name: 'budget_settle',
  table: 'BudgetSettleCode',
  codes: BudgetSettleCode,
  keys: ['budget'],
  args: ['entry', 'attempt', 'amount'],
};

export const LIMIT_SCRIPTS: readonly Script[] = [
  acquireScript,
  reportScript,
  resetScript,
  lookScript,
  takeScript,
  reserveScript,
  settleScript,
];
