/** Instants that two processes of one machine can compare, finer than whole milliseconds. */

/** Unix milliseconds with fractions. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The value that `share` of the values (0 to 1) do not exceed; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
