/**
 * The contract of a module: the engine schedules by it, and the types of the implementation are inferred from it.
 * Use any schema library that implements Standard Schema (zod, valibot, arktype), or a schema written by hand.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { StepPolicy } from './definition.ts';

export type Schema = StandardSchemaV1;
export type SchemaInput<S extends Schema> = StandardSchemaV1.InferInput<S>;
export type SchemaOutput<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/** The state of a step without a schema: an object without fields. */
export type EmptyState = Record<string, never>;

/** How failures of a step are handled, and when two of its hops are the same. */
export interface StepOptions extends StepPolicy {
  /** `state` (default): hops with equal states are one hop of the run. `lineage`: one hop per request that led to it. */
  readonly identity?: 'state' | 'lineage';
}

/** A step that makes requests and parses the responses. */
export interface FetchStep<S extends Schema = Schema> {
  readonly stepKind: 'fetch';
  readonly schema: S;
  readonly options: StepOptions;
}

/** A step without requests, which may read the items of earlier phases. */
export interface ComputeStep<S extends Schema = Schema> {
  readonly stepKind: 'compute';
  readonly schema: S;
  readonly options: StepOptions;
}

/** A step in a contract; a schema alone is a fetch step with the default options. */
export type StepDeclaration = Schema | FetchStep | ComputeStep;
export type StepDeclarations = Readonly<Record<string, StepDeclaration>>;
export type ItemDeclarations = Readonly<Record<string, Schema>>;

export type StepSchema<D extends StepDeclaration> =
  D extends FetchStep<infer S> ? S : D extends ComputeStep<infer S> ? S : D extends Schema ? D : never;

/**
 * When the next phase starts: `settle` (default) always, `failFast` only without dead nodes, or up to a number or a share
 * (0–1) of dead nodes.
 */
export type JoinDeclaration = 'settle' | 'failFast' | { readonly maxDead?: number; readonly maxDeadRate?: number };

/**
 * A phase: the names of its steps, optionally with a join policy and a share (0–1) of the run's deadline.
 *
 * @example
 * ```ts
 * import type { PhaseDeclaration } from 'catena';
 *
 * // `ask` may use half of the deadline, and up to a tenth of its nodes may die; `report` has the rest.
 * export const phases: readonly PhaseDeclaration<'ask' | 'report'>[] = [
 *   { steps: ['ask'], share: 0.5, join: { maxDeadRate: 0.1 } },
 *   ['report'],
 * ];
 * ```
 */
export type PhaseDeclaration<StepName extends string = string> =
  | readonly StepName[]
  | { readonly steps: readonly StepName[]; readonly join?: JoinDeclaration; readonly share?: number };

/**
 * When the later phases start once on what there is, while an earlier one is still open; they start again when that has ended.
 *
 * @example
 * ```ts
 * import { type EarlyDeclaration, defineModule, computeStep } from 'catena';
 * import { z } from 'zod';
 *
 * // A first report after 20 seconds, and the whole one when all answers are in.
 * const early: EarlyDeclaration = { atMs: 20_000 };
 * export const contract = defineModule({
 *   name: 'answers',
 *   version: '1.0.0',
 *   input: z.object({ questions: z.array(z.string()) }),
 *   steps: { ask: z.object({ question: z.string() }), report: computeStep() },
 *   items: { answer: z.string(), report: z.object({ answers: z.number(), isFinal: z.boolean() }) },
 *   phases: [['ask'], ['report']],
 *   early,
 * });
 * ```
 */
export interface EarlyDeclaration {
  /** Milliseconds from the acceptance of the run. A run whose deadline comes first has only its end. */
  readonly atMs: number;
}

export interface Contract<Input extends Schema, Steps extends StepDeclarations, Items extends ItemDeclarations> {
  /** Lower case letters, digits, `-` and `_`. */
  readonly name: string;
  /** Of the form 1.2.3 or 1.2.3-rc.1. A run keeps the version that it started with. */
  readonly version: string;
  readonly input: Input;
  /** The order of the steps gives each its index. */
  readonly steps: Steps;
  readonly items?: Items;
  /** Default: one phase with all steps. A phase starts once, when every node of the phase before has ended. */
  readonly phases?: readonly PhaseDeclaration<NoInfer<keyof Steps & string>>[];
  /**
   * The later phases also start once at this time, on the items that are committed by then. What their compute steps yield then is
   * preliminary, and is replaced by what they yield when they start again. Needs a later phase that begins with a compute step.
   */
  readonly early?: EarlyDeclaration;
}

/** A contract of any module. */
export type AnyContract = Contract<Schema, StepDeclarations, ItemDeclarations>;

/**
 * A fetch step with options; without options the schema alone is enough.
 *
 * @example
 * ```ts
 * import { fetchStep } from 'catena';
 * import { z } from 'zod';
 *
 * // A slow page: a timeout of a minute, five attempts, and at most two requests at once over all runs.
 * export const report = fetchStep(z.object({ id: z.string() }), {
 *   timeoutMs: 60_000,
 *   retry: { attempts: 5, baseDelayMs: 2_000 },
 *   concurrency: 2,
 * });
 * ```
 */
export function fetchStep<S extends Schema>(schema: S, options: StepOptions = {}): FetchStep<S> {
  return { stepKind: 'fetch', schema, options };
}

/**
 * A compute step. Without a schema its state is empty, which the first step of a later phase must accept.
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import { computeStep, defineModule } from 'catena';
 * import { z } from 'zod';
 *
 * const module = defineModule({
 *   name: 'sum',
 *   version: '1.0.0',
 *   input: z.object({}),
 *   steps: { page: z.object({}), sum: computeStep() },
 *   items: { part: z.number(), sum: z.number() },
 *   phases: [['page'], ['sum']],
 * }).implement({
 *   *start({ go }) {
 *     yield go.page();
 *   },
 *   steps: {
 *     page: {
 *       request: () => 'https://numbers.test/',
 *       *parse({ text, put }) {
 *         for (const line of text.split(' ')) yield put.part(Number(line));
 *       },
 *     },
 *     sum: {
 *       async *run({ items, put, fail }) {
 *         const parts = await Array.fromAsync(items('part'));
 *         if (parts.length === 0) yield fail('there is nothing to add up');
 *         else yield put.sum(parts.reduce((sum, part) => sum + part, 0));
 *       },
 *     },
 *   },
 * });
 *
 * const parts = [2, 40].map((data) => ({ type: 'part' as const, data }));
 * deepEqual((await module.test('sum', { items: parts })).items, [{ type: 'sum', data: 42 }]);
 * deepEqual((await module.test('sum', {})).failed, 'there is nothing to add up');
 * ```
 */
export function computeStep(schema?: undefined, options?: StepOptions): ComputeStep<StandardSchemaV1<EmptyState>>;
export function computeStep<S extends Schema>(schema: S, options?: StepOptions): ComputeStep<S>;
export function computeStep(schema: Schema = emptyState, options: StepOptions = {}): ComputeStep {
  return { stepKind: 'compute', schema, options };
}

const emptyState: StandardSchemaV1<EmptyState> = {
  '~standard': {
    version: 1,
    vendor: 'catena',
    validate(value) {
      if (typeof value !== 'object' || value === null) return { issues: [{ message: 'Expected an object' }] };
      const extra = Object.keys(value);
      if (extra.length === 0) return { value: {} };
      return { issues: extra.map((key) => ({ message: 'This step declares no state', path: [key] })) };
    },
  },
};
