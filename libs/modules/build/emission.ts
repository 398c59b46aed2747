/** Emissions are the values that `go`, `put`, `drop`, `retry` and `charge` create; nothing else may be yielded. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Emission } from '../contract/definition.ts';

/** The base class of all emissions; it distinguishes them from other values that an author might yield. */
export abstract class Emitted {
  abstract readonly kind: Emission['kind'];
}

export class HopEmission extends Emitted {
  readonly kind = 'hop';
  readonly step: number;
  readonly state: unknown;
  readonly key: string | undefined;

  constructor(step: number, state: unknown, key: string | undefined) {
    super();
    this.step = step;
    this.state = state;
    this.key = key;
  }
}

export class ItemEmission extends Emitted {
  readonly kind = 'item';
  readonly type: string;
  readonly data: unknown;

  constructor(type: string, data: unknown) {
    super();
    this.type = type;
    this.data = data;
  }
}

export class DropEmission extends Emitted {
  readonly kind = 'drop';
  readonly reason: string;
  readonly data: unknown;

  constructor(reason: string, data: unknown) {
    super();
    this.reason = reason;
    this.data = data;
  }
}

export class RetryEmission extends Emitted {
  readonly kind = 'retry';
  readonly reason: string;
  readonly afterMs: number | undefined;

  constructor(reason: string, afterMs: number | undefined) {
    super();
    this.reason = reason;
    this.afterMs = afterMs;
  }
}

export class ChargeEmission extends Emitted {
  readonly kind = 'charge';
  readonly amount: number;

  constructor(amount: number) {
    super();
    this.amount = amount;
  }
}

export class FailEmission extends Emitted {
  readonly kind = 'fail';
  readonly reason: string;

  constructor(reason: string) {
    super();
    this.reason = reason;
  }
}

/** A number of emissions that were created. */
export interface MadeCount {
  made: number;
}

/**
 * How many emissions were created. It is easy to create one and forget to yield it, which would silently lose a hop. The runner
 * of a synchronous generator compares this count before and after each of its steps, in which nothing else can run.
 */
export const ledger: MadeCount = { made: 0 };

/** Several async generators run at the same time, so each has a count of its own. */
const counts = new AsyncLocalStorage<MadeCount>();

/** Runs a step of an async generator; what it creates, also after a wait, is counted in `count`. */
export function countingMade<T>(count: MadeCount, step: () => T): T {
  return counts.run(count, step);
}

/** Counts an emission that was created. */
export function countMade(): void {
  ledger.made += 1;
  const count = counts.getStore();
  if (count !== undefined) count.made += 1;
}
