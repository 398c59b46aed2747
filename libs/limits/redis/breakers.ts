import { sharedKeys } from '../../keys/keys.ts';
import {
  type BreakerSnapshot,
  type BreakerState,
  type Breakers,
  type BreakerTransition,
  checkedPolicy,
  decodeToken,
  encodeToken,
  nonces,
} from '../breakers.ts';
import type { LimitRunner } from './runner.ts';
import { acquireScript, BreakerReportCode, reportScript, resetScript } from './scripts.ts';

/** Keys that are unused for this long are deleted. */
const KEPT_MS = 7 * 86_400_000;
const FIELDS = ['state', 'generation', 'failed', 'last_ms', 'open_ms'] as const;

export interface RedisBreakersOptions {
  readonly runner: LimitRunner;
  /** Unix milliseconds instead of the server's clock; empty: the server's. */
  readonly now: () => number | '';
}

/** The breakers of distributed mode, shared by all processes. */
export function createRedisBreakers({ runner, now }: RedisBreakersOptions): Breakers {
  const nextNonce = nonces();

  async function state(key: string): Promise<BreakerSnapshot> {
    const found = await runner.ask('HMGET', (redis) => redis.hmget(sharedKeys.breaker(key), ...FIELDS));
    const [name, generation, failed, lastMs, openMs] = found;
    return {
      key,
      state: (name ?? 'closed') as BreakerState,
      generation: Number(generation ?? 0),
      failures: (failed ?? '').split(' ').length - 1,
      trialAtMs: name === 'open' ? Number(lastMs) + Number(openMs) : undefined,
    };
  }

  /** Updates the index after the transition, in another slot. Refused callers and {@link Breakers.list} correct it. */
  async function enlist(key: string): Promise<void> {
    await runner.ask('SADD', (redis) => redis.sadd(sharedKeys.breakerIndex(), key));
  }

  return {
    async acquire(key, wanted) {
      const { failures, openMs, trialMs } = checkedPolicy(key, wanted);
      const nonce = nextNonce();
      const args = [now(), nonce, openMs, trialMs, KEPT_MS];
      const { code, payload } = await runner.run(acquireScript, sharedKeys.breaker(key), args);
      if (code === acquireScript.codes.GRANTED) {
        const [generation] = payload as readonly [number];
        return { granted: true, token: encodeToken({ generation, failures, openMs, nonce }) };
      }
      const [retryAtMs, waitMs] = payload as readonly [string, number];
      await enlist(key);
      return { granted: false, retryAtMs: Number(retryAtMs), waitMs };
    },

    async report(key, text, outcome) {
      const token = decodeToken(text);
      if (token === undefined) return undefined;
      const { generation, nonce, failures, openMs } = token;
      const args = [now(), generation, nonce, failures, openMs, outcome, KEPT_MS];
      const { code, payload } = await runner.run(reportScript, sharedKeys.breaker(key), args);
      if (code === BreakerReportCode.OPENED) await enlist(key);
      return transitionOf(key, code, payload);
    },

    state,

    async list() {
      const keys = await runner.ask('SMEMBERS', (redis) => redis.smembers(sharedKeys.breakerIndex()));
      const all = await Promise.all(keys.map(state));
      const closed = all.filter((each) => each.state === 'closed').map(({ key }) => key);
      if (closed.length > 0) await runner.ask('SREM', (redis) => redis.srem(sharedKeys.breakerIndex(), ...closed));
      return all.filter((each) => each.state !== 'closed').sort((one, other) => (one.key < other.key ? -1 : 1));
    },

    async reset(key) {
      const { code, payload } = await runner.run(resetScript, sharedKeys.breaker(key), [now(), KEPT_MS]);
      if (code !== resetScript.codes.CLOSED) return undefined;
      return transitionOf(key, BreakerReportCode.CLOSED, payload);
    },
  };
}

function transitionOf(key: string, code: number, payload: unknown): BreakerTransition | undefined {
  if (code !== BreakerReportCode.OPENED && code !== BreakerReportCode.CLOSED) return undefined;
  const [generation, atMs] = payload as readonly [number, string];
  return { key, kind: code === BreakerReportCode.OPENED ? 'opened' : 'closed', generation, atMs: Number(atMs) };
}
