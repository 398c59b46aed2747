/** Waits with a time limit. */

/** Resolves when the work has ended or the time is over; rejects when the work rejects in time. */
export async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the work's result, however long it takes. After `ms`, `onLate` is called once, to end the work by force. */
export async function forcedAfter<T>(work: Promise<T>, ms: number, onLate: () => void): Promise<T> {
  const timer = setTimeout(onLate, ms);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
