/**
 * `go`, `put`, `drop`, `retry`, `charge` and `fail`, created once per function of a module, so that a call costs only the schema check.
 *
 * A builder checks at once, so that an error's stack shows the author's line. With an asynchronous schema it
 * returns a promise, which the stage awaits.
 */
import { CatenaError } from '../../errors/catena-error.ts';
import { isAmount } from '../../limits/budgets.ts';
import { copyJson, NotJson } from '../check/json-value.ts';
import { checkWith, type Issue, isPromise, jsonIssue } from '../check/schema-check.ts';
import type { Schema } from '../contract/contract.ts';
import type { Emission } from '../contract/definition.ts';
import {
  ChargeEmission,
  DropEmission,
  FailEmission,
  HopEmission,
  ItemEmission,
  ledger,
  RetryEmission,
} from './emission.ts';
import {
  backwardHop,
  classOfWrongOutput,
  type Site,
  unknownName,
  wrongArgument,
  wrongItem,
  wrongState,
} from './site.ts';

type Made = Emission | Promise<Emission>;

/** What the builder of a hop needs to know about its target step. */
export interface HopTarget {
  readonly name: string;
  readonly index: number;
  readonly phase: number;
  readonly schema: Schema;
}

export interface Builders {
  readonly go: Readonly<Record<string, (state?: unknown, options?: { readonly key?: string }) => Made>>;
  readonly put: Readonly<Record<string, (data: unknown) => Made>>;
  readonly drop: (reason: string, data?: unknown) => Made;
  readonly retry: (reason: string, options?: { readonly afterMs?: number }) => Made;
  readonly charge: (amount: number) => Made;
  readonly fail: (reason: string) => Made;
}

/** The builders of one function; `fromPhase` is the phase of its step. */
export function makeBuilders(
  site: Site,
  fromPhase: number,
  targets: readonly HopTarget[],
  items: Readonly<Record<string, Schema>>,
): Builders {
  const go = emptyRecord(
    site,
    'step',
    targets.map(({ name }) => name),
  );
  for (const target of targets) go[target.name] = hopBuilder(site, fromPhase, target);
  const put = emptyRecord(site, 'item', Object.keys(items));
  for (const [type, schema] of Object.entries(items)) put[type] = itemBuilder(site, type, schema);
  return {
    go: Object.freeze(go) as Builders['go'],
    put: Object.freeze(put) as Builders['put'],
    drop: dropBuilder(site),
    retry: retryBuilder(site),
    charge: chargeBuilder(site),
    fail: failBuilder(site),
  };
}

function hopBuilder(site: Site, fromPhase: number, target: HopTarget): Builders['go'][string] {
  const { name, index, phase, schema } = target;
  if (phase < fromPhase) {
    return () => {
      throw backwardHop(site, name, fromPhase, phase);
    };
  }
  const refuse = (issues: readonly Issue[]) => wrongState(site, name, issues);
  return (state = {}, options) => {
    const key = options?.key;
    if (key !== undefined && (typeof key !== 'string' || key === '')) {
      throw wrongArgument(site, `go.${name}()`, 'the key of a hop must be a non-empty string');
    }
    // The stored state is the author's value, not the schema's output: the receiver checks it again, and a
    // transformation must not be applied twice.
    const copy = jsonCopy(state, refuse);
    const checked = checkWith(schema, copy, refuse);
    if (isPromise(checked)) return later(checked.then(() => new HopEmission(index, copy, key)));
    ledger.made += 1;
    return new HopEmission(index, copy, key);
  };
}

function itemBuilder(site: Site, type: string, schema: Schema): Builders['put'][string] {
  const refuse = (issues: readonly Issue[]) => wrongItem(site, type, issues);
  return (data) => {
    const checked = checkWith(schema, data, refuse);
    if (isPromise(checked)) return later(checked.then((value) => new ItemEmission(type, jsonCopy(value, refuse))));
    const emission = new ItemEmission(type, jsonCopy(checked, refuse));
    ledger.made += 1;
    return emission;
  };
}

function dropBuilder(site: Site): Builders['drop'] {
  const refuse = (issues: readonly Issue[]) =>
    new CatenaError('module.wrong_argument', `the data of drop() is not JSON: ${issues[0]?.message}`, {
      class: classOfWrongOutput(site),
      data: { module: site.module, step: site.step, issues },
    });
  return (reason, data = null) => {
    requireReason(site, 'drop()', reason);
    const emission = new DropEmission(reason, jsonCopy(data, refuse));
    ledger.made += 1;
    return emission;
  };
}

function retryBuilder(site: Site): Builders['retry'] {
  return (reason, options) => {
    requireReason(site, 'retry()', reason);
    const afterMs = options?.afterMs;
    if (afterMs !== undefined && !(Number.isFinite(afterMs) && afterMs >= 0)) {
      throw wrongArgument(
        site,
        'retry()',
        `afterMs must be a number of milliseconds, at least 0, not ${String(afterMs)}`,
      );
    }
    ledger.made += 1;
    return new RetryEmission(reason, afterMs);
  };
}

function chargeBuilder(site: Site): Builders['charge'] {
  return (amount) => {
    if (!isAmount(amount)) {
      throw wrongArgument(site, 'charge()', `the amount must be a number from 0 to a billion, not ${String(amount)}`);
    }
    ledger.made += 1;
    return new ChargeEmission(amount);
  };
}

function failBuilder(site: Site): Builders['fail'] {
  return (reason) => {
    requireReason(site, 'fail()', reason);
    ledger.made += 1;
    return new FailEmission(reason);
  };
}

function requireReason(site: Site, call: string, reason: unknown): void {
  if (typeof reason !== 'string' || reason === '') throw wrongArgument(site, call, 'give a reason, as a string');
}

function jsonCopy(value: unknown, refuse: (issues: readonly Issue[]) => CatenaError): unknown {
  try {
    return copyJson(value);
  } catch (thrown) {
    if (thrown instanceof NotJson) throw refuse([jsonIssue(thrown, value)]);
    throw thrown;
  }
}

/** Marks a promise as handled: if the author's function throws first, nobody awaits it, and its rejection must not end the process. */
function later(emission: Promise<Emission>): Promise<Emission> {
  ledger.made += 1;
  emission.catch(() => {});
  return emission;
}

/**
 * An object that throws for an unknown name. The proxy is its prototype, so that access to a known name does not reach the proxy
 * and costs nothing more.
 */
function emptyRecord(site: Site, kind: 'step' | 'item', known: readonly string[]): Record<string, unknown> {
  const unknown = new Proxy(Object.create(null) as object, {
    get(_target, name) {
      // Read by `await`, `JSON.stringify` and inspection, not by authors.
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON' || name === 'constructor') return undefined;
      throw unknownName(site, kind, name, known);
    },
  });
  return Object.create(unknown) as Record<string, unknown>;
}
