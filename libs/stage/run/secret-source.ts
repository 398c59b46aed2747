/** Finds the secrets that requests name: in the account's login, or in the environment of the sending process. */
import type { Environment } from '../../config/environment.ts';
import type { TaskRef } from '../../contracts/messages.ts';
import type { Store } from '../../store/port.ts';

/** Returns the secret of a name for a task; undefined when there is none. */
export type SecretSource = (task: Pick<TaskRef, 'account' | 'platform'>, name: string) => Promise<string | undefined>;

export interface SecretPlaces {
  readonly store: Pick<Store, 'getAccount'>;
  readonly environment: Environment;
  /** Environment variables that a request may name. For others it cannot even learn whether they are set. */
  readonly allowed: readonly string[];
}

/** Looks in the account's login first, then in the allowed variables of the environment. */
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
