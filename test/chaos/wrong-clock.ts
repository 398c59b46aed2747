/** Imported before a program: its wall clock is wrong by CHAOS_SKEW_MS; the monotonic clock is not. */
import { readEnvironment } from '../../libs/config/environment.ts';

const skewMs = Number(readEnvironment().CHAOS_SKEW_MS ?? 0);
const rightNow = Date.now.bind(Date);

class WrongDate extends Date {
  constructor(...args: readonly unknown[]) {
    if (args.length === 0) super(rightNow() + skewMs);
    else super(...(args as [number]));
  }

  static override now(): number {
    return rightNow() + skewMs;
  }
}

globalThis.Date = WrongDate as DateConstructor;
