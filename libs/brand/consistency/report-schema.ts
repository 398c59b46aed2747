import { z } from 'zod';
import { CONSISTENCY_LEVELS, CONSISTENCY_RULES } from './check-consistency.ts';

const isoTime = z.string().describe('ISO 8601, UTC.');

export const seenIssueSchema = z.object({
  at: isoTime,
  task_id: z.string(),
  rule: z.enum(CONSISTENCY_RULES),
  field: z.string().describe('What was wrong.'),
  found: z.string(),
  expected: z.string(),
  repaired: z.boolean().describe('Whether the answer was sent with the right value.'),
});

/** How consistent the status answers of a process have been since it began. */
export const consistencyReportSchema = z.object({
  generated_at: isoTime,
  checks: z.int(),
  issues: z.int().describe('Answers with at least one issue.'),
  critical: z.int().describe('Answers with three or more.'),
  ratio: z.number().describe('Percent of answers without an issue; 100 without answers.'),
  distribution: z.record(z.enum(CONSISTENCY_LEVELS), z.int()),
  last_issues: z.array(seenIssueSchema).describe('The last ten, newest first.'),
});

export type SeenIssue = z.output<typeof seenIssueSchema>;
export type ConsistencyReport = z.output<typeof consistencyReportSchema>;
