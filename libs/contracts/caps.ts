/**
 * Caps: the most that a run may do. When one is reached the run ends well: what is left is left out, which is neither done nor
 * failed.
 */

/** A cap that is absent does not apply. */
export interface Caps {
  /** Requests that the run may make, each counted once however often it is tried or redirected. */
  readonly pages?: number | undefined;
  /** Items that it may store. */
  readonly items?: number | undefined;
  /** How many pages may lie between the hops of a module's start and a page: 0 are the pages of those hops. */
  readonly depth?: number | undefined;
  /** Bytes of the bodies, as they were decoded, of the pages that it may download. */
  readonly bytes?: number | undefined;
}

export type Cap = keyof Caps;

/** In the order in which they are named. */
export const CAPS = ['pages', 'items', 'depth', 'bytes'] as const satisfies readonly Cap[];

/** What a run has used of its caps, at one moment. */
export interface CapUse {
  readonly caps: Caps;
  /** Requests that were made, or are about to be. */
  readonly pages: number;
  /** Items that its commits hold. */
  readonly items: number;
  readonly bytes: number;
  /** The caps that were reached, in the order of {@link CAPS}. */
  readonly reached: readonly Cap[];
  /** Hops and requests that were left out; one that two pages yield is counted twice if it was never created. */
  readonly leftOut: number;
  /** Items that were left out of pages that were under way. */
  readonly itemsLeftOut: number;
}

/** The caps that are reached, from their stored form. */
export function readReached(text: string): Cap[] {
  return CAPS.filter((cap) => text.split(',').includes(cap));
}

/** Adds a cap to the stored form, in the order of {@link CAPS}. */
export function withReached(text: string, cap: Cap): string {
  return CAPS.filter((each) => each === cap || text.split(',').includes(each)).join(',');
}

/** What is wrong with a cap; undefined when it is one. */
export function capProblem(cap: Cap, value: number): string | undefined {
  const least = cap === 'depth' ? 0 : 1;
  if (Number.isSafeInteger(value) && value >= least) return undefined;
  return `is ${value}, but must be a whole number from ${least} on`;
}

/** Whether any cap applies. */
export function hasCaps(caps: Caps | undefined): caps is Caps {
  return caps !== undefined && CAPS.some((cap) => caps[cap] !== undefined);
}

/** The caps that were reached, and what was left out, in words. */
export function capText({ caps, reached, leftOut, itemsLeftOut, ...used }: CapUse): string {
  const parts = reached.map((cap) => (cap === 'depth' ? `depth ${caps.depth}` : `${used[cap]} of ${caps[cap]} ${cap}`));
  const left = [
    ...(leftOut === 0
      ? []
      : [`${leftOut} ${leftOut === 1 ? 'hop or request was' : 'hops and requests were'} left out`]),
    ...(itemsLeftOut === 0 ? [] : [`${itemsLeftOut} ${itemsLeftOut === 1 ? 'item was' : 'items were'} left out`]),
  ];
  return [parts.join(', '), ...left].join('; ');
}
