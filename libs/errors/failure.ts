import { CatenaError, type FailureClass } from './catena-error.ts';

/** A failure as recorded with a node and sent in an ErrorTaskModel: plain data of bounded size. */
export interface Failure {
  readonly code: string;
  readonly class: FailureClass;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The stage that failed. */
  readonly stage: string;
  /** Causes, nearest first; at most {@link MAX_CAUSES}. */
  readonly causes: readonly { readonly code: string; readonly message: string }[];
  readonly retryAfterMs?: number;
}

const MAX_CAUSES = 5;
const MAX_MESSAGE_CHARS = 2_000;

/** Converts an error to its record. Long messages and long chains of causes are cut, to bound the size of the node. */
export function toFailure(error: CatenaError, stage: string): Failure {
  return {
    code: error.code,
    class: error.class,
    message: cut(error.remedy === undefined ? error.message : `${error.message} (${error.remedy})`),
    data: error.data,
    stage,
    causes: causesOf(error),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}

function causesOf(error: Error): { code: string; message: string }[] {
  const causes: { code: string; message: string }[] = [];
  let link: unknown = error.cause;
  while (link instanceof Error && causes.length < MAX_CAUSES) {
    const code = link instanceof CatenaError ? link.code : ((link as { code?: unknown }).code ?? link.name);
    causes.push({ code: String(code), message: cut(link.message) });
    link = link.cause;
  }
  return causes;
}

function cut(text: string): string {
  return text.length <= MAX_MESSAGE_CHARS ? text : `${text.slice(0, MAX_MESSAGE_CHARS)}…`;
}
