/**
 * Numbers that look random and depend on nothing but their seed, so that a site, its faults and the oracle agree in any
 * process and on any machine. Not for secrets.
 */

/** A 32-bit hash of a text, well mixed: texts that differ in one character have unrelated hashes. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash);
}

/** A number in [0, 1) that belongs to this text. */
export function fractionOf(text: string): number {
  return hash32(text) / 2 ** 32;
}

/** A sequence of choices that belongs to one text. */
export class Dice {
  readonly #seed: number;
  #step = 0;

  constructor(text: string) {
    this.#seed = hash32(text);
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    this.#step += 1;
    const fraction = mix(this.#seed ^ mix(this.#step)) / 2 ** 32;
    return low + Math.floor(fraction * (high - low + 1));
  }

  /** One of the list, which must not be empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.between(0, list.length - 1)]!;
  }
}

function mix(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
