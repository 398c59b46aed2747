import { METRICS } from '../telemetry/metric-names.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Budgets, fromMicros } from './budgets.ts';

/** Counts the cost that is reported to budgets. */
export function meterBudgets(budgets: Budgets, metrics: Metrics): Budgets {
  const reported = metrics.counter(METRICS.costReported).with({});
  return {
    ...budgets,
    async settle(payment) {
      await budgets.settle(payment);
      reported.add(fromMicros(payment.amount));
    },
  };
}
