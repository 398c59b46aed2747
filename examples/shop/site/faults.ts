/**
 * What goes wrong, and when: a pure function of (seed, path, how often this path was asked before). The same run meets
 * the same faults again, a retry meets the next throw of the dice, and after `maxPerPath` requests a path is healthy: a
 * collector that retries always ends with every item.
 */
import { pageFrame } from './frame.ts';
import { fractionOf } from './random.ts';

/**
 * `error`: a 500. `timeout`: no answer at all until the client gives up. `malformed`: status 200 with a page that lacks
 * what it should hold. `throttled`: a 429 with Retry-After.
 */
export type FaultKind = 'error' | 'timeout' | 'malformed' | 'throttled';

export interface FaultPlan {
  /** The share of requests that meet each fault, 0–1; their sum is at most 1. */
  readonly rates: Readonly<Record<FaultKind, number>>;
  /** Only the first so many requests of a path may fail. */
  readonly maxPerPath: number;
  /** What a 429 asks the client to wait, in whole seconds. */
  readonly retryAfterS: number;
}

/** The plan of the crash runs. */
export const crashRunFaults: FaultPlan = {
  rates: { error: 0.05, timeout: 0.02, malformed: 0.02, throttled: 0.02 },
  maxPerPath: 2,
  retryAfterS: 1,
};

const kinds: readonly FaultKind[] = ['error', 'timeout', 'malformed', 'throttled'];

/** The fault that the nth request (from 1) of a path meets, or undefined when it is served. */
export function faultOf(plan: FaultPlan, seed: number, path: string, nth: number): FaultKind | undefined {
  if (nth > plan.maxPerPath) return undefined;
  let left = fractionOf(`${seed}/fault/${nth}${path}`);
  for (const kind of kinds) {
    left -= plan.rates[kind];
    if (left < 0) return kind;
  }
  return undefined;
}

/** Throws a RangeError when a rate is not 0–1, their sum is above 1, or a number is not whole. */
export function checkFaultPlan(plan: FaultPlan): void {
  for (const kind of kinds) {
    const rate = plan.rates[kind];
    if (!(rate >= 0 && rate <= 1)) throw new RangeError(`the rate of ${kind} is ${rate}: give a share from 0 to 1`);
  }
  const sum = kinds.reduce((total, kind) => total + plan.rates[kind], 0);
  if (sum > 1) throw new RangeError(`the fault rates sum to ${sum}: lower them to at most 1 in all`);
  for (const name of ['maxPerPath', 'retryAfterS'] as const) {
    if (!Number.isSafeInteger(plan[name]) || plan[name] < 0) {
      throw new RangeError(`${name} is ${plan[name]}: give a whole number from 0`);
    }
  }
}

/**
 * A page as a failing server sends it, three ways: cut off somewhere before its footer; whole, but with one thing missing
 * that a careless collector would overlook; or a shell without the content. Which one belongs to (seed, path, nth).
 */
export function malformed(html: string, seed: number, path: string, nth: number): string {
  const choice = fractionOf(`${seed}/malformed/${nth}${path}`);
  const place = fractionOf(`${seed}/cut/${nth}${path}`);
  if (choice < 1 / 3) return pageFrame('One moment', '<p class="spinner">Loading…</p>');
  const gutted = html.replace(necessary, '');
  if (choice < 2 / 3 && gutted !== html) return gutted;
  return html.slice(0, Math.floor(html.indexOf('<footer class="site-footer"') * place));
}

/** A product's price, or the first product of a list. */
const necessary = /<p class="price"[^>]*>[^<]*<\/p>|<article class="card"[\s\S]*?<\/article>/;
