/** Where the secrets stand that requests name: with the account, or in the environment of the process that sends. */
import type { Environment } from '../config/environment.ts';
import type { TaskRef } from '../contracts/messages.ts';
import type { Store } from '../store/port.ts';

/** The secret of a name for a task; undefined when nobody has it. */
export type SecretSource = (task: Pick<TaskRef, 'account' | 'platform'>, name: string) => Promise<string | undefined>;

/** The account's login goes before the environment. */
export function secretSource(store: Pick<Store, 'getAccount'>, environment: Environment): SecretSource {
  return async ({ account, platform }, name) => {
    const login = (await store.getAccount(account, platform))?.login;
    const own = isRecord(login) && Object.hasOwn(login, name) ? login[name] : undefined;
    if (typeof own === 'string' && own !== '') return own;
    return environment[name] || undefined;
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
