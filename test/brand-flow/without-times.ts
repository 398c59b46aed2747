/** What two runs of the same diagnosis have in common: everything but when things happened and how long they took. */
const TIMES: ReadonlySet<string> = new Set(['timestamp', 'elapsed', 'elapsed_ms']);

/** A copy without the fields that tell times, at any depth. */
export function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !TIMES.has(name));
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutTimes(each)]));
}

/** Items as a multiset: each as one line of text, type and data, in an order that does not depend on chance. */
export function timeless(items: readonly { readonly type: string; readonly data: string }[]): string[] {
  return items.map(({ type, data }) => `${type} ${JSON.stringify(ordered(withoutTimes(JSON.parse(data))))}`).sort();
}

/** Rows of a report stand in the order in which the calls ended. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered).sort(byText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, ordered(each)]));
}

function byText(one: unknown, other: unknown): number {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
