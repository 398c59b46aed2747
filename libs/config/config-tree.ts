/** The configuration as the program uses it: groups as objects, names in camel case, frozen. */
import { SETTING_KEYS, type SettingKey, type SettingValues } from './settings.ts';

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type GroupOf<Key extends string> = Key extends `${infer Group}.${string}` ? Group : never;

type Group<Name extends string> = {
  readonly [Key in SettingKey as Key extends `${Name}.${infer Member}` ? CamelCase<Member> : never]: SettingValues[Key];
};

type Ungrouped = {
  readonly [Key in SettingKey as Key extends `${string}.${string}` ? never : CamelCase<Key>]: SettingValues[Key];
};

/** The effective configuration: `retry.base_delay_ms` is `config.retry.baseDelayMs`. */
export type Config = Ungrouped & { readonly [Name in GroupOf<SettingKey>]: Group<Name> };

/** The tree of a flat set of values. */
export function configTree(values: SettingValues): Config {
  const tree: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const [first = key, second] = key.split('.');
    if (second === undefined) {
      tree[camelCase(first)] = values[key];
    } else {
      tree[first] ??= {};
      (tree[first] as Record<string, unknown>)[camelCase(second)] = values[key];
    }
  }
  for (const value of Object.values(tree)) Object.freeze(value);
  return Object.freeze(tree) as Config;
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
