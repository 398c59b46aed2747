/** Readers for the fields of `page.extract`: what stands behind `as`. */
import type { Reader } from '../contract/reading.ts';
import { readNumber } from './number.ts';

const numbers = new Map<string, Reader<number>>();

/**
 * Reads a field as a number, in the way of a locale (BCP 47; default `en`): see `page.number`.
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import { defineModule, number } from 'catena';
 * import { z } from 'zod';
 *
 * const module = defineModule({
 *   name: 'lamps',
 *   version: '1.0.0',
 *   input: z.object({}),
 *   steps: { lamp: z.object({ sku: z.string() }) },
 *   items: { lamp: z.object({ euro: z.number(), sold: z.number().nullable() }) },
 * }).implement({
 *   *start({ go }) {
 *     yield go.lamp({ sku: 'a1' });
 *   },
 *   steps: {
 *     lamp: {
 *       request: ({ state }) => `https://lamps.test/${state.sku}`,
 *       *parse({ extract, put }) {
 *         yield put.lamp(
 *           extract({ euro: { select: '.price', as: number('de') }, sold: { select: '.sold', as: number(), default: null } }),
 *         );
 *       },
 *     },
 *   },
 * });
 *
 * const { items } = await module.test('lamp', { state: { sku: 'a1' }, body: '<b class="price">1.299,00 €</b>' });
 * deepEqual(items, [{ type: 'lamp', data: { euro: 1299, sold: null } }]);
 * ```
 */
export function number(locale = 'en'): Reader<number> {
  let reader = numbers.get(locale);
  if (reader === undefined) {
    reader = (text) => readNumber(text, locale);
    numbers.set(locale, reader);
  }
  return reader;
}

const resolved: Reader<string> = (text, place) => place.resolve(text);

/**
 * Reads a field as an absolute address; relative ones are resolved against the `base` element, else the page's address.
 *
 * @example
 * ```ts
 * import type { Fields } from 'catena';
 * import { url } from 'catena';
 *
 * export const gallery = {
 *   next: { select: 'a[rel=next]', attr: 'href', as: url(), optional: true },
 *   images: [{ select: 'img', attr: 'src', as: url() }],
 * } satisfies Fields;
 * ```
 */
export function url(): Reader<string> {
  return resolved;
}
