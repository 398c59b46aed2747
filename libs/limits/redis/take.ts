import { sharedKeys } from '../../keys/keys.ts';
import type { KeyLimits } from '../limiter.ts';
import type { LimitRunner } from './runner.ts';
import { lookScript, takeScript } from './scripts.ts';

/** How long an idle key's minimum interval is remembered, in milliseconds. */
const KEPT_MS = 600_000;

export interface Take extends KeyLimits {
  /** Permits that the holder has. */
  readonly holding: number;
  /** Starts that it wants beside them. */
  readonly wanted: number;
  /** Nobody is to start for so long; 0 asks for no delay. */
  readonly delayMs: number;
  /** The least spacing from now on; undefined leaves it. */
  readonly intervalMs: number | undefined;
}

export interface Taken {
  readonly granted: number;
  /** From now to the first start granted, or to the next that will be. */
  readonly firstInMs: number;
  /** Between two of them. */
  readonly spacingMs: number;
  /** How long to wait before asking for the rest. */
  readonly waitMs: number;
  /** Nobody starts for so long. */
  readonly blockedMs: number;
  readonly intervalMs: number;
}

/** Throws `limits.unavailable`. */
export type TakeFromRedis = (take: Take) => Promise<Taken>;

export interface TakeOptions {
  readonly runner: LimitRunner;
  readonly holder: string;
  readonly leaseMs: number;
  /** Unix milliseconds in place of the server's clock; empty for the server's. */
  readonly now: () => number | '';
}

/** Takes starts of one key for one holder. */
export function takerOf(key: string, { runner, holder, leaseMs, now }: TakeOptions): TakeFromRedis {
  const redisKey = sharedKeys.rateLimit(key);
  return async ({ requestsPerSecond, concurrency, holding, wanted, delayMs, intervalMs }) => {
    const policy = [spacingOf(requestsPerSecond), concurrency, leaseMs, delayMs, intervalMs ?? '', KEPT_MS];
    const { payload } = await runner.run(takeScript, redisKey, [now(), holder, holding, wanted, ...policy]);
    const [granted, firstInMs, spacingMs, waitMs, blockedMs, interval] = payload as Answer;
    return { granted, firstInMs, spacingMs, waitMs, blockedMs, intervalMs: interval };
  };
}

/** What all holders of a key do together; `nextInMs` is 0 when time does not hold anybody up. */
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
