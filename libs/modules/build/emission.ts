/** Emissions are the values that `go`, `put`, `drop`, `retry` and `charge` create; nothing else may be yielded. */
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

/**
 * How many emissions were created. It is easy to create one and forget to yield it, which would silently lose a hop. The runner
 * of a synchronous generator compares this count before and after each of its steps, in which nothing else can run.
 */
export const ledger = { made: 0 };
