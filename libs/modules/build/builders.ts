/**
 * `go`, `put`, `drop`, `retry`, `charge` and `fail`, created once per function of a module, so that a call costs only the schema check.
 *
 * A builder checks at once, so that an error's stack shows the author's line. With an asynchronous schema it
 * returns a promise, which the stage awaits.
 */
import type { CatenaError } from '../../errors/catena-error.ts';
import { isAmount } from '../../limits/budgets.ts';
import { durationProblem } from '../check/duration.ts';
import { isRecord } from '../check/is-record.ts';
import { copyJson, MAX_VALUE_CHARS, TooMuchJson } from '../check/json-value.ts';
import { checkWith, type Issue, isPromise, jsonIssue, kindOf } from '../check/schema-check.ts';
import type { Schema } from '../contract/contract.ts';
import type { Emission } from '../contract/definition.ts';
import {
  ChargeEmission,
  countMade,
  DropEmission,
  FailEmission,
  HopEmission,
  ItemEmission,
  RetryEmission,
} from './emission.ts';
import {
  backwardHop,
  type Site,
  tooLarge,
  unknownName,
  wrongArgument,
  wrongDropData,
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
  const call = `go.${name}()`;
  const refuse = (issues: readonly Issue[]) => wrongState(site, name, issues);
  const tooMuch = () => tooLarge(site, 'state', call, MAX_VALUE_CHARS);
  return (state = {}, options) => {
    const { key } = readOptions(site, call, options, ['key']);
    if (key !== undefined && (typeof key !== 'string' || key === '' || key.length > MAX_KEY_CHARS)) {
      throw wrongArgument(site, call, `the key of a hop must be a string of 1 to ${MAX_KEY_CHARS} characters`);
    }
    // The stored state is the author's value, not the schema's output: the receiver checks it again, and a
    // transformation must not be applied twice.
    const copy = jsonCopy(state, refuse, tooMuch);
    const checked = checkWith(schema, copy, refuse);
    if (isPromise(checked)) return later(checked.then(() => new HopEmission(index, copy, key)));
    countMade();
    return new HopEmission(index, copy, key);
  };
}

function itemBuilder(site: Site, type: string, schema: Schema): Builders['put'][string] {
  const refuse = (issues: readonly Issue[]) => wrongItem(site, type, issues);
  const tooMuch = () => tooLarge(site, 'item', `put.${type}()`, MAX_VALUE_CHARS);
  const made = (value: unknown) => new ItemEmission(type, jsonCopy(value, refuse, tooMuch));
  return (data) => {
    const checked = checkWith(schema, data, refuse);
    if (isPromise(checked)) return later(checked.then(made));
    const emission = made(checked);
    countMade();
    return emission;
  };
}

function dropBuilder(site: Site): Builders['drop'] {
  const refuse = (issues: readonly Issue[]) => wrongDropData(site, issues);
  const tooMuch = () => tooLarge(site, 'data', 'drop()', MAX_VALUE_CHARS);
  return (reason, data = null) => {
    requireReason(site, 'drop()', reason);
    const emission = new DropEmission(reason, jsonCopy(data, refuse, tooMuch));
    countMade();
    return emission;
  };
}

function retryBuilder(site: Site): Builders['retry'] {
  return (reason, options) => {
    requireReason(site, 'retry()', reason);
    const { afterMs } = readOptions(site, 'retry()', options, ['afterMs']);
    const problem = afterMs === undefined ? undefined : durationProblem(afterMs, 0);
    if (problem !== undefined) {
      throw wrongArgument(site, 'retry()', `afterMs is ${shown(afterMs)}: ${problem}`, Number.isNaN(afterMs));
    }
    countMade();
    return new RetryEmission(reason, afterMs as number | undefined);
  };
}

function chargeBuilder(site: Site): Builders['charge'] {
  return (amount) => {
    if (!isAmount(amount)) {
      const what = `the amount must be a number from 0 to a billion, not ${shown(amount)}`;
      throw wrongArgument(site, 'charge()', what, Number.isNaN(amount));
    }
    countMade();
    return new ChargeEmission(amount);
  };
}

function failBuilder(site: Site): Builders['fail'] {
  return (reason) => {
    requireReason(site, 'fail()', reason);
    countMade();
    return new FailEmission(reason);
  };
}

/** A key is part of an id, and stored with it. */
const MAX_KEY_CHARS = 4_096;
/** A reason is for people, and is kept with the node or the run. */
const MAX_REASON_CHARS = 10_000;

function requireReason(site: Site, call: string, reason: unknown): void {
  if (typeof reason !== 'string' || reason === '') throw wrongArgument(site, call, 'give a reason, as a string');
  if (reason.length <= MAX_REASON_CHARS) return;
  throw wrongArgument(site, call, `the reason has ${reason.length} characters; give at most ${MAX_REASON_CHARS}`);
}

/** The options of a call; a misspelt one would silently have no effect. */
function readOptions(
  site: Site,
  call: string,
  options: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (options === undefined) return NO_OPTIONS;
  const form = `{ ${known.join(', ')} }`;
  if (!isRecord(options)) throw wrongArgument(site, call, `its options are ${kindOf(options)}, not ${form}`);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return options;
  throw wrongArgument(site, call, `there is no option ${unknown}; its options are ${form}`);
}

const NO_OPTIONS = Object.freeze({});

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOf(value);
}

function jsonCopy(
  value: unknown,
  refuse: (issues: readonly Issue[]) => CatenaError,
  tooMuch: () => CatenaError,
): unknown {
  try {
    return copyJson(value);
  } catch (thrown) {
    if (thrown instanceof TooMuchJson) throw tooMuch();
    throw refuse([jsonIssue(thrown, value)]);
  }
}

/** Marks a promise as handled: if the author's function throws first, nobody awaits it, and its rejection must not end the process. */
function later(emission: Promise<Emission>): Promise<Emission> {
  countMade();
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
