/** Settings that are sound one by one and not together. */
import type { ConfigProblem, Origin } from './config-problem.ts';
import type { SettingKey, SettingValues } from './settings.ts';

interface Rule {
  readonly key: SettingKey;
  readonly other: SettingKey;
  readonly broken: (values: SettingValues) => boolean;
  readonly problem: (values: SettingValues) => string;
  readonly remedy: string;
}

const RULES: readonly Rule[] = [
  {
    key: 'retry.max_delay_ms',
    other: 'retry.base_delay_ms',
    broken: (values) => values['retry.max_delay_ms'] < values['retry.base_delay_ms'],
    problem: (values) =>
      `is ${values['retry.max_delay_ms']}, less than retry.base_delay_ms, ${values['retry.base_delay_ms']}`,
    remedy: 'make the longest wait at least as long as the first',
  },
  {
    key: 'lease_ms',
    other: 'sweep_interval_ms',
    broken: (values) => values.lease_ms <= values.sweep_interval_ms,
    problem: (values) => `is ${values.lease_ms}, not more than sweep_interval_ms, ${values.sweep_interval_ms}`,
    remedy: 'make leases longer than the time between two looks of the sweeper',
  },
  ...(['nats.url', 'store.url'] as const).flatMap((key): Rule[] => [
    {
      key,
      other: 'cache.redis',
      broken: (values) => values['cache.redis'] !== undefined && values[key] === undefined,
      problem: () => 'is not set, but cache.redis is: a distributed deployment needs both',
      remedy: `set ${key}, or leave cache.redis out to run in one process`,
    },
    {
      key,
      other: 'cache.redis',
      broken: (values) => values['cache.redis'] === undefined && values[key] !== undefined,
      problem: () => 'is set, but cache.redis is not: one process would not use it',
      remedy: `set cache.redis too, or leave ${key} out`,
    },
  ]),
];

/** Every rule that the values break; a rule about a setting that is already known to be wrong has nothing to say. */
export function contradictions(
  values: SettingValues,
  origins: Readonly<Record<SettingKey, Origin>>,
  wrong: ReadonlySet<string>,
): ConfigProblem[] {
  return RULES.filter(({ key, other, broken }) => !wrong.has(key) && !wrong.has(other) && broken(values)).map(
    ({ key, problem, remedy }) => ({ key, origin: origins[key], problem: problem(values), remedy }),
  );
}
