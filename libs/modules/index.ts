/** What authors of modules import from `catena`. */
export {
  type ComputeStep,
  type Contract,
  computeStep,
  type FetchStep,
  fetchStep,
  type JoinDeclaration,
  type PhaseDeclaration,
  type StepOptions,
} from './contract.ts';
export { defineModule, type Module } from './define-module.ts';
export type {
  CachePolicy,
  Expectation,
  GivenUp,
  JoinedFailure,
  Page,
  RequestSpec,
  RetryPolicy,
  StepPolicy,
} from './definition.ts';
export type {
  ComputeContext,
  GivenUpContext,
  HopOptions,
  ParseContext,
  RequestContext,
  StartContext,
  Yieldable,
  Yields,
} from './implementation.ts';
export type { TestResult } from './test-call.ts';
