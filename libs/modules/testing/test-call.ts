/** The types of `module.test()`: the arguments of a test, and its result. */
import type {
  ComputeStep,
  ItemDeclarations,
  Schema,
  SchemaInput,
  StepDeclarations,
  StepSchema,
} from '../contract/contract.ts';
import type { JoinedFailure, JoinedPartial, RequestSpec } from '../contract/definition.ts';
import type { ItemRow } from '../contract/implementation.ts';

/** A field that may be omitted if its type accepts an object without fields. */
type Field<Name extends string, Value> =
  Record<never, never> extends Value ? { readonly [N in Name]?: Value } : { readonly [N in Name]: Value };

/** The account of the run; optional. */
export interface TestCaller {
  readonly account?: string;
  readonly platform?: string;
}

/** A page for the test. Without `body`, `json` and `status` only the requests are created. */
export interface TestPage {
  readonly body?: string | Uint8Array;
  /** Instead of a body; sets its content type. */
  readonly json?: unknown;
  /** Default 200. */
  readonly status?: number;
  /** Default: the content type that fits the body. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the URL of the step's first request. */
  readonly url?: string;
}

/** What a compute step reads. */
export interface TestJoin<Items extends ItemDeclarations> {
  /** Items of earlier phases. */
  readonly items?: readonly ItemRow<Items>[];
  readonly failures?: readonly JoinedFailure[];
  /** What open requests of earlier phases have received so far. */
  readonly partials?: readonly JoinedPartial[];
  /** Whether an earlier phase is open; default false. */
  readonly isEarly?: boolean;
  /** The number of the opening; default 1. */
  readonly revision?: number;
}

export type TestGiven<
  I extends Schema,
  Steps extends StepDeclarations,
  Items extends ItemDeclarations,
  Name extends keyof Steps,
> = TestCaller &
  Field<'input', SchemaInput<I>> &
  Field<'state', SchemaInput<StepSchema<Steps[Name]>>> &
  (Steps[Name] extends ComputeStep ? TestJoin<Items> : TestPage);

/** A hop as it was yielded, with the author's state. */
export type TestHop<Steps extends StepDeclarations> = {
  [Name in keyof Steps & string]: {
    readonly step: Name;
    readonly state: SchemaInput<StepSchema<Steps[Name]>>;
    readonly key?: string;
  };
}[keyof Steps & string];

/** What the step yielded, in order. After a `retry` only the charge is left: a run would store nothing else. */
export interface TestResult<Steps extends StepDeclarations, Items extends ItemDeclarations> {
  readonly requests: readonly RequestSpec[];
  readonly hops: readonly TestHop<Steps>[];
  readonly items: readonly ItemRow<Items>[];
  readonly drops: readonly { readonly reason: string; readonly data: unknown }[];
  readonly retry?: { readonly reason: string; readonly afterMs?: number };
  /** The sum of its charges; absent if there are none. */
  readonly charged?: number;
  /** The reason of its first `fail`. */
  readonly failed?: string;
}

export interface TestFunction<I extends Schema, Steps extends StepDeclarations, Items extends ItemDeclarations> {
  (step: 'start', given: TestCaller & Field<'input', SchemaInput<I>>): Promise<TestResult<Steps, Items>>;
  <Name extends keyof Steps & string>(
    step: Name,
    given: TestGiven<I, Steps, Items, Name>,
  ): Promise<TestResult<Steps, Items>>;
}
