import { sharedKeys } from '../../keys/keys.ts';
import { type Budgets, requireMicros } from '../budgets.ts';
import type { LimitRunner } from './runner.ts';
import { reserveScript, settleScript } from './scripts.ts';

/** The budgets of distributed mode, shared by all processes. They never expire, because a run may be paused for long. */
export function createRedisBudgets(runner: LimitRunner): Budgets {
  return {
    async reserve({ scope, entry, attempt, amount, cap }) {
      requireMicros('amount', amount);
      const args = [entry, attempt, amount, cap === undefined ? '' : requireMicros('cap', cap)];
      const { code, payload } = await runner.run(reserveScript, sharedKeys.budget(scope), args);
      if (code === reserveScript.codes.GRANTED) return { granted: true };
      const [spent, reserved] = payload as readonly [string, string];
      return { granted: false, spent: Number(spent), reserved: Number(reserved) };
    },
    async settle({ scope, entry, attempt, amount }) {
      const args = [entry, attempt, requireMicros('amount', amount)];
      await runner.run(settleScript, sharedKeys.budget(scope), args);
    },
    async read(scope) {
      const key = sharedKeys.budget(scope);
      const [spent, reserved] = await runner.ask('HMGET', (redis) => redis.hmget(key, 'spent', 'reserved'));
      return { spent: Number(spent ?? 0), reserved: Number(reserved ?? 0) };
    },
    async forget(scope) {
      await runner.ask('UNLINK', (redis) => redis.unlink(sharedKeys.budget(scope)));
    },
  };
}
