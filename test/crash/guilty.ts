/** The products of the shop on whose pages the parser of the crash runs fails, in each way once. */
import { SHORT_FAULTS, type ShortFault } from '../fixtures/author-faults.ts';

/** Far from each other: they are not all read at once. */
const FIRST = 97;
const APART = 400;

/** By the place of the product in the catalogue, of a shop with so many. */
export function guiltyProducts(products: number): ReadonlyMap<number, ShortFault> {
  const places = SHORT_FAULTS.map((fault, at) => [FIRST + at * APART, fault] as const);
  return new Map(places.filter(([place]) => place < products));
}
