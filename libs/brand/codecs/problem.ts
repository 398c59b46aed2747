/** Errors in the bodies and events of providers, whatever the format: several send them with status 200, or in a stream. */
import type { AnswerDraft, ProviderProblem } from './answer-draft.ts';
import { listAt, textAt, valueAt } from './json-path.ts';

/**
 * Reads `{error: {code, type, status, message}}`, an error that is a text, `{code, message}` or `{success: false, msg}` without an
 * answer beside it, and `{detail}` of gateways.
 */
export function readProblem(body: unknown, draft: AnswerDraft): void {
  const problem = problemIn(body);
  if (problem !== undefined) draft.setProblem(problem);
}

function problemIn(body: unknown): ProviderProblem | undefined {
  const error = valueAt(body, 'error');
  if (typeof error === 'string' && error !== '') {
    return { code: wordAt(body, 'code'), message: textAt(body, 'message') || error };
  }
  if (typeof error === 'object' && error !== null) return problemOf(error);
  const isAnswer = ['choices', 'output', 'content', 'candidates', 'response', 'delta', 'message'].some(
    (field) => typeof valueAt(body, field) === 'object' && valueAt(body, field) !== null,
  );
  if (isAnswer) return undefined;
  const message = textAt(body, 'message') || textAt(body, 'msg') || textAt(body, 'detail');
  const code = wordAt(body, 'code');
  if (message !== '' && (code !== '' || valueAt(body, 'success') === false || textAt(body, 'detail') !== '')) {
    return { code, type: textAt(body, 'type'), message };
  }
  return undefined;
}

function problemOf(error: object): ProviderProblem {
  const code = wordAt(error, 'code');
  // Google's `code` repeats the HTTP status; its word is in `status`, and a finer one in the details.
  const reason = listAt(error, 'details')
    .map((detail) => textAt(detail, 'reason'))
    .find((word) => word !== '');
  const type = textAt(error, 'type') || reason || textAt(error, 'status');
  const isStatus = /^[1-5]\d\d$/.test(code);
  return {
    code: isStatus && type !== '' ? type : code || type,
    type: isStatus ? textAt(error, 'status') : type,
    message: textAt(error, 'message'),
    hint: quotaIds(error),
    waitMs: retryDelayMs(error),
  };
}

/** Google's `QuotaFailure` names the quota: of a minute, or of a day. */
function quotaIds(error: object): string {
  const violations = listAt(error, 'details').flatMap((detail) => listAt(detail, 'violations'));
  return violations.map((violation) => textAt(violation, 'quotaId')).join(' ');
}

/** Google's `RetryInfo`: `{"retryDelay": "34s"}`. */
function retryDelayMs(error: object): number | undefined {
  for (const detail of listAt(error, 'details')) {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textAt(detail, 'retryDelay'))?.[1];
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1_000);
  }
  return undefined;
}

/** A code that is a text or a number. */
function wordAt(value: unknown, field: string): string {
  const code = valueAt(value, field);
  return typeof code === 'string' || typeof code === 'number' ? String(code) : '';
}
