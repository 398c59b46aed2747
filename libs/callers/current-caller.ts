/** Who asked for what is done now, for lines that tell who did what. */
import { AsyncLocalStorage } from 'node:async_hooks';

const callers = new AsyncLocalStorage<string>();

/** Calls `work` on behalf of a caller: its role and its address, such as `operator at 10.0.0.7`. */
export function onBehalfOf<Value>(caller: string, work: () => Value): Value {
  return callers.run(caller, work);
}

/** Undefined when nobody outside of this process asked. */
export function currentCaller(): string | undefined {
  return callers.getStore();
}

/** The name of a caller. Without tokens nobody knows who it is. */
export function callerName(role: string | undefined, address: string): string {
  return `${role ?? 'anybody'} at ${address}`;
}
