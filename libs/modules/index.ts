/** What authors of modules import from `catena`. */

export { retryAfterMs } from '../limits/retry-after.ts';
export { defineModule, type Module } from './build/define-module.ts';
export {
  type ComputeStep,
  type Contract,
  computeStep,
  type EarlyDeclaration,
  type FetchStep,
  fetchStep,
  type JoinDeclaration,
  type PhaseDeclaration,
  type StepOptions,
} from './contract/contract.ts';
export type {
  AuthorLog,
  CachePolicy,
  Expectation,
  GivenUp,
  JoinedFailure,
  JoinedPartial,
  Page,
  RequestSpec,
  RetryPolicy,
  StepPolicy,
} from './contract/definition.ts';
export type {
  ComputeContext,
  GivenUpContext,
  HopOptions,
  ParseContext,
  RequestContext,
  StartContext,
  Yieldable,
  Yields,
} from './contract/implementation.ts';
export type {
  Extracted,
  Field,
  FieldFill,
  Fields,
  FormOptions,
  LinkOptions,
  PageForm,
  Reader,
  ReadingPlace,
  RecordField,
  Sitemap,
  SitemapEntry,
  ValueField,
} from './contract/reading.ts';
export { type ModuleOfSettings, withSettings } from './load/module-settings.ts';
export { number, url } from './page/readers.ts';
export type { TestResult } from './testing/test-call.ts';
