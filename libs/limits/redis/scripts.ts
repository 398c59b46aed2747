/** The bindings of the scripts of shared limits. */
import { bind, type Script } from '../../coordination/redis/scripts/script.ts';

const BreakerAcquireCode = { GRANTED: 0, REFUSED: 1 } as const;
export const BreakerReportCode = { NOTED: 0, OPENED: 1, CLOSED: 2, STALE: 3 } as const;
const BreakerResetCode = { WAS_CLOSED: 0, CLOSED: 1 } as const;
const BudgetReserveCode = { GRANTED: 0, REFUSED: 1 } as const;
const BudgetSettleCode = { SETTLED: 0, UNKNOWN_BUDGET: 1 } as const;
const LimitLookCode = { SEEN: 0 } as const;
const LimitTakeCode = { GRANTED: 0, WAIT: 1 } as const;

export const acquireScript = bind(
  'limits/breaker_acquire.lua',
  ['BreakerAcquireCode', BreakerAcquireCode],
  ['breaker'],
  ['now', 'nonce', 'open_ms', 'trial_ms', 'kept_ms'],
);
export const reportScript = bind(
  'limits/breaker_report.lua',
  ['BreakerReportCode', BreakerReportCode],
  ['breaker'],
  ['now', 'generation', 'nonce', 'failures', 'open_ms', 'outcome', 'kept_ms'],
);
export const resetScript = bind(
  'limits/breaker_reset.lua',
  ['BreakerResetCode', BreakerResetCode],
  ['breaker'],
  ['now', 'kept_ms'],
);
export const lookScript = bind(
  'limits/limit_look.lua',
  ['LimitLookCode', LimitLookCode],
  ['limit'],
  ['now', 'spacing_ms'],
);
export const takeScript = bind(
  'limits/limit_take.lua',
  ['LimitTakeCode', LimitTakeCode],
  ['limit'],
  [
    ...['now', 'holder', 'holding', 'wanted', 'spacing_ms', 'concurrency', 'lease_ms', 'delay_ms', 'interval_ms'],
    'kept_ms',
  ],
);

export const reserveScript = bind(
  'limits/budget_reserve.lua',
  ['BudgetReserveCode', BudgetReserveCode],
  ['budget'],
  ['entry', 'attempt', 'amount', 'cap'],
);
export const settleScript = bind(
  'limits/budget_settle.lua',
  ['BudgetSettleCode', BudgetSettleCode],
  ['budget'],
  ['entry', 'attempt', 'amount'],
);

export const LIMIT_SCRIPTS: readonly Script[] = [
  acquireScript,
  reportScript,
  resetScript,
  lookScript,
  takeScript,
  reserveScript,
  settleScript,
];
