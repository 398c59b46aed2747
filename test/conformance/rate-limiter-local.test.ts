import { ManualClock } from '../../libs/clock/clock.ts';
import { ManualTimers } from '../../libs/concurrency/timers.ts';
import { RateLimiter } from '../../libs/limits/rate-limiter.ts';
import { describeLimiter } from './rate-limiter.ts';

describeLimiter('of one process', async () => {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  return {
    open: (defaults, overrides = {}) => new RateLimiter({ defaults, overrides, clock, timers }),
    now: () => clock.now(),
    advance: (ms) => timers.advance(ms),
    close: async () => undefined,
  };
});
