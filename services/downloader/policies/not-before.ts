import { setTimeout as pause } from 'node:timers/promises';
import type { RequestBody } from '../../../libs/calls/node-body.ts';
import type { Clock } from '../../../libs/clock/clock.ts';
import { abortedWait, MAX_TIMER_MS } from '../../../libs/limits/limiter.ts';
import type { RequestPolicy } from './policy.ts';

/**
 * Waits until a request may be sent (`notBeforeMs`). A request of a step with a cache has waited at its admission, unclaimed and
 * without room among others; any other waits here, under its lease and with its permits, but without a slot.
 */
export const notBefore: RequestPolicy = async (context, next) => {
  const { asked, deps, signal } = context;
  if (asked.notBeforeMs === undefined || asked.notBeforeMs <= deps.clock.now()) return next(context);
  const wait = () => untilDue(deps.clock, asked, signal);
  await (deps.aside === undefined ? wait() : deps.aside(wait));
  return next(context);
};

/** Resolves when the request may be sent. Rejects with `limits.aborted`. */
export async function untilDue(
  clock: Clock,
  { notBeforeMs = 0 }: Pick<RequestBody, 'notBeforeMs'>,
  signal: AbortSignal,
): Promise<void> {
  for (let leftMs = notBeforeMs - clock.now(); leftMs > 0; leftMs = notBeforeMs - clock.now()) {
    await pause(Math.min(Math.ceil(leftMs), MAX_TIMER_MS), undefined, { signal }).catch(() => {
      throw abortedWait(signal);
    });
  }
}
