/** Refusals of the routes, for the OpenAPI document. */
import { errorBody } from '../../transport/http/error-body.ts';

const wrong = { 400: errorBody.describe('The request is wrong: the message names every wrong field.') };
const unknown = { 404: errorBody.describe('There is no such diagnosis.') };
const always = {
  401: errorBody.describe('A token is needed, and none or an unknown one was sent.'),
  403: errorBody.describe('The token’s role does not allow this call.'),
  500: errorBody.describe('The server failed; its log has the reason under the id of the request.'),
  503: errorBody.describe('The server is stopping, or one of its backends does not answer: try again.'),
};

export const REFUSED = {
  submission: {
    ...wrong,
    ...always,
    409: errorBody.describe('The idempotency key belongs to other work, or the task was terminated.'),
    429: errorBody.describe('Too many submissions of one client: `retry-after` says when to try again.'),
  },
  list: { ...wrong, ...always },
  reading: { ...wrong, ...always, ...unknown },
} as const;
