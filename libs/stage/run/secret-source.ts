/** Where the secrets stand that requests name: with the account, or in the environment of the process that sends. */
import type { Environment } from '../../config/environment.ts';
import type { TaskRef } from '../../contracts/messages.ts';
import type { Store } from '../../store/port.ts';

/** The secret of a name for a task; undefined when nobody has it. */
export type SecretSource = (task: Pick<TaskRef, 'account' | 'platform'>, name: string) => Promise<string | undefined>;

export interface SecretPlaces {
  readonly store: Pick<Store, 'getAccount'>;
  readonly environment: Environment;
  /** Variables of the environment that a request may name; of the others it is not even told whether they are set. */
  readonly allowed: readonly string[];
}

/** The account's login goes before the environment, of which only what is allowed can be named. */
export function secretSource({ store, environment, allowed }: SecretPlaces): SecretSource {
  const known = new Set(allowed);
  return async ({ account, platform }, name) => {
    const login = (await store.getAccount(account, platform))?.login;
    const own = isRecord(login) && Object.hasOwn(login, name) ? login[name] : undefined;
    if (typeof own === 'string' && own !== '') return own;
    return known.has(name) && Object.hasOwn(environment, name) ? environment[name] || undefined : undefined;
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
