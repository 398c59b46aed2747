/** The entry point for authors: a contract, then its implementation, which the contract types. */

import { checkContract } from '../check/check-contract.ts';
import { checkImplementation } from '../check/check-implementation.ts';
import type { AnyContract, Contract, ItemDeclarations, Schema, StepDeclarations } from '../contract/contract.ts';
import type { ModuleDefinition } from '../contract/definition.ts';
import type { AnyImplementation, Implementation } from '../contract/implementation.ts';
import { runTest } from '../testing/run-test.ts';
import type { TestFunction } from '../testing/test-call.ts';
import { BuiltModule } from './built-module.ts';

const MODULE = Symbol.for('catena.module');
const CONTRACT = Symbol.for('catena.contract');

/** A module, ready to run. Export it from its file; `catena run FILE` finds it there. */
export interface Module<I extends Schema, Steps extends StepDeclarations, Items extends ItemDeclarations>
  extends ModuleDefinition {
  /**
   * Runs one step on given values, without network or engine, and returns what it would emit. Rejects with the
   * CatenaError that a run would record: `parse.threw`, `parse.unexpected_page`, `module.wrong_item` …
   *
   * @example
   * ```ts
   * import { deepEqual } from 'node:assert/strict';
   * import { defineModule } from 'catena';
   * import { z } from 'zod';
   *
   * const module = defineModule({
   *   name: 'prices',
   *   version: '1.0.0',
   *   input: z.object({ base: z.url() }),
   *   steps: { detail: z.object({ sku: z.string() }) },
   *   items: { price: z.object({ sku: z.string(), price: z.number() }) },
   * }).implement({
   *   *start({ go }) {
   *     yield go.detail({ sku: 'lamp' });
   *   },
   *   steps: {
   *     detail: {
   *       request: ({ input, state }) => `${input.base}/p/${state.sku}`,
   *       *parse({ $, put, state }) {
   *         yield put.price({ sku: state.sku, price: Number($('.price').text()) });
   *       },
   *     },
   *   },
   * });
   *
   * const given = { input: { base: 'https://shop.test' }, state: { sku: 'lamp' }, body: '<b class="price">40</b>' };
   * const { requests, items } = await module.test('detail', given);
   * deepEqual(requests, [{ url: 'https://shop.test/p/lamp' }]);
   * deepEqual(items, [{ type: 'price', data: { sku: 'lamp', price: 40 } }]);
   * ```
   */
  readonly test: TestFunction<I, Steps, Items>;
}

/** A checked contract without its implementation yet. */
export interface DefinedContract<I extends Schema, Steps extends StepDeclarations, Items extends ItemDeclarations> {
  /** Throws `module.bad_implementation` for mistakes that the compiler cannot find. */
  implement(implementation: Implementation<I, Steps, Items>): Module<I, Steps, Items>;
}

/**
 * Defines a module: `defineModule(contract).implement(implementation)`. Throws `module.bad_contract` with everything
 * that is wrong with the contract.
 *
 * @example
 * ```ts
 * import { defineModule } from 'catena';
 * import { z } from 'zod';
 *
 * export default defineModule({
 *   name: 'titles',
 *   version: '1.0.0',
 *   input: z.object({ base: z.url() }),
 *   steps: { page: z.object({ path: z.string() }) },
 *   items: { title: z.object({ path: z.string(), title: z.string().min(1) }) },
 * }).implement({
 *   *start({ go }) {
 *     yield go.page({ path: '/' });
 *   },
 *   steps: {
 *     page: {
 *       request: ({ input, state }) => new URL(state.path, input.base),
 *       *parse({ $, put, state }) {
 *         yield put.title({ path: state.path, title: $('title').text() });
 *       },
 *     },
 *   },
 * });
 * ```
 */
export function defineModule<
  I extends Schema,
  const Steps extends StepDeclarations,
  // biome-ignore lint/complexity/noBannedTypes: without items, put has no members and a row has no type.
  const Items extends ItemDeclarations = {},
>(contract: Contract<I, Steps, Items>): DefinedContract<I, Steps, Items> {
  const checked = checkContract(contract as unknown as AnyContract);
  return Object.defineProperty(
    {
      implement(implementation: Implementation<I, Steps, Items>): Module<I, Steps, Items> {
        const written = implementation as unknown as AnyImplementation;
        checkImplementation(checked, written);
        const built = new BuiltModule(checked, written);
        const test: unknown = (step: string, given: Parameters<typeof runTest>[2]) => runTest(built, step, given);
        return Object.assign(built, { [MODULE]: true, test: test as TestFunction<I, Steps, Items> });
      },
    },
    CONTRACT,
    { value: true },
  );
}

/** Whether a value is a module, also one created by another copy of this library. */
export function isModule(value: unknown): value is ModuleDefinition {
  return typeof value === 'object' && value !== null && MODULE in value;
}

/** Whether a value is a contract whose `implement` was not called. */
export function isUnimplemented(value: unknown): boolean {
  return typeof value === 'object' && value !== null && CONTRACT in value;
}
