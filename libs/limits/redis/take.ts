import { sharedKeys } from '../../keys/keys.ts';
import type { KeyLimits } from '../limiter.ts';
import type { LimitRunner } from './runner.ts';
import { lookScript, takeScript } from './scripts.ts';

/** How long an idle key keeps its minimum interval, in milliseconds. */
const KEPT_MS = 600_000;

export interface Take extends KeyLimits {
  /** Permits that the holder has. */
  readonly holding: number;
  /** Further starts that it wants. */
  readonly wanted: number;
  /** Blocks all starts for this long; 0: no delay. */
  readonly delayMs: number;
  /** The least spacing from now on; undefined: unchanged. */
  readonly intervalMs: number | undefined;
}

export interface Taken {
  readonly granted: number;
  /** From now to the first granted start, or to the next possible one. */
  readonly firstInMs: number;
  /** Between two of them. */
  readonly spacingMs: number;
  /** How long to wait before the next call for the rest. */
  readonly waitMs: number;
  /** How long all starts are blocked. */
  readonly blockedMs: number;
  readonly intervalMs: number;
}

/** Throws `limits.unavailable`. */
export type TakeFromRedis = (take: Take) => Promise<Taken>;

export interface TakeOptions {
  readonly runner: LimitRunner;
  readonly holder: string;
  readonly leaseMs: number;
  /** Unix milliseconds instead of the server's clock; empty: the server's. */
  readonly now: () => number | '';
}

/** Requests starts of one key for one holder. */
export function takerOf(key: string, { runner, holder, leaseMs, now }: TakeOptions): TakeFromRedis {
  const redisKey = sharedKeys.rateLimit(key);
  return async ({ requestsPerSecond, concurrency, holding, wanted, delayMs, intervalMs }) => {
    const policy = [spacingOf(requestsPerSecond), concurrency, leaseMs, delayMs, intervalMs ?? '', KEPT_MS];
    const { payload } = await runner.run(takeScript, redisKey, [now(), holder, holding, wanted, ...policy]);
    const [granted, firstInMs, spacingMs, waitMs, blockedMs, interval] = payload as Answer;
    return { granted, firstInMs, spacingMs, waitMs, blockedMs, intervalMs: interval };
  };
}

/** The use of a key by all holders; `nextInMs` is 0 when no time limit applies now. */
export async function lookAt(
  key: string,
  { requestsPerSecond }: KeyLimits,
  { runner, now }: TakeOptions,
): Promise<{ readonly waiting: number; readonly inFlight: number; readonly nextInMs: number }> {
  const args = [now(), spacingOf(requestsPerSecond)];
  const { payload } = await runner.run(lookScript, sharedKeys.rateLimit(key), args);
  const [waiting, inFlight, nextInMs] = payload as readonly [number, number, number];
  return { waiting, inFlight, nextInMs };
}

function spacingOf(requestsPerSecond: number): number {
  return requestsPerSecond > 0 ? 1_000 / requestsPerSecond : 0;
}

type Answer = readonly [number, number, number, number, number, number];
