/**
 * Requests and responses of the API as TypeScript interfaces, inferred from the schemas that the server checks with and
 * that the OpenAPI document is made of. Types only: importing them imports no code.
 */
import type { z } from 'zod';
import type { healthBody, testBody } from '../../transport/http/basic-routes.ts';
import type { historyQuery, progressQuery, reportQuery, statusQuery, submissionRequest } from './requests.ts';
import type { submissionBody } from './submission-routes.ts';

export type { ErrorBody } from '../../transport/http/error-body.ts';
export type {
  CallResult,
  DeepIntelligenceBody,
  DetailedResult,
  FigureBody,
  HistoryBody,
  HistoryEntry,
  Recommendation,
  StatusBody,
  TestProgressBody,
} from '../status/bodies.ts';
export type { Stage, Status } from '../status/stages.ts';

/** The body of `POST /api/perform-brand-test`. */
export type SubmissionRequest = z.input<typeof submissionRequest>;
export type SubmissionBody = z.output<typeof submissionBody>;
export type StatusQuery = z.input<typeof statusQuery>;
export type ReportQuery = z.input<typeof reportQuery>;
export type ProgressQuery = z.input<typeof progressQuery>;
export type HistoryQuery = z.input<typeof historyQuery>;
export type HealthBody = z.output<typeof healthBody>;
export type TestBody = z.output<typeof testBody>;
