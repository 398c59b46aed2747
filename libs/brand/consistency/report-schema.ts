import { z } from 'zod';
import { CONSISTENCY_LEVELS, CONSISTENCY_RULES } from './check-consistency.ts';

const isoTime = z.string().describe('ISO 8601, UTC.');

export const seenIssueSchema = z.object({
  at: isoTime,
  task_id: z.string(),
  rule: z.enum(CONSISTENCY_RULES),
  field: z.string().describe('The issue.'),
  found: z.string(),
  expected: z.string(),
  repaired: z.boolean().describe('Whether the response was sent with the right value.'),
});

/** How consistent the status responses of a process have been since it started. */
export const consistencyReportSchema = z.object({
  generated_at: isoTime,
  checks: z.int(),
  issues: z.int().describe('Responses with at least one issue.'),
  critical: z.int().describe('Responses with three or more.'),
  ratio: z.number().describe('Percent of responses without an issue; 100 if there are none.'),
  distribution: z.record(z.enum(CONSISTENCY_LEVELS), z.int()),
  last_issues: z.array(seenIssueSchema).describe('The last ten, newest first.'),
});

export type SeenIssue = z.output<typeof seenIssueSchema>;
export type ConsistencyReport = z.output<typeof consistencyReportSchema>;
