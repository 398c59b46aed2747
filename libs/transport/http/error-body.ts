import { z } from 'zod';

/** The body of every refusal and failure of the HTTP API. Routes name it in their schemas. */
export const errorBody = z.object({
  /** Stable, dotted: `api.invalid_argument`. */
  error: z.string(),
  /** What happened and what to do, for people. */
  message: z.string(),
  status: z.literal('error'),
});

export type ErrorBody = z.output<typeof errorBody>;
