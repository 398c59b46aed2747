import { type CatenaError, type FailureClass, type FailurePage, isCatenaError } from './catena-error.ts';
import { cutText, fieldOf, isError, textOf } from './thrown.ts';

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
  /** The last page on which the module failed; later failures of the node for other reasons keep it. */
  readonly page?: FailurePage;
}

const MAX_CAUSES = 5;
const MAX_MESSAGE_CHARS = 2_000;
/** The most of the details that is kept, in characters of JSON. */
const MAX_DATA_CHARS = 32_768;

/**
 * Converts an error to its record. Long messages, large details and long chains of causes are cut, to bound the size of the node. It
 * never throws, whatever the causes are: authors throw values whose fields cannot be read.
 */
export function toFailure(error: CatenaError, stage: string): Failure {
  return {
    code: error.code,
    class: error.class,
    message: cutText(
      error.remedy === undefined ? error.message : `${error.message} (${error.remedy})`,
      MAX_MESSAGE_CHARS,
    ),
    data: plainData(error.data),
    stage,
    causes: causesOf(error),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error.page === undefined ? {} : { page: error.page }),
  };
}

/**
 * The page of a recorded failure; undefined if there is none, or if the record is of a release that records it otherwise: it is then
 * judged as a first failure, which costs one more download.
 */
export function pageOfFailure(record: string): FailurePage | undefined {
  if (record === '') return undefined;
  const page = fieldOf(parsed(record), 'page');
  const [code, digest, failures] = ['code', 'digest', 'failures'].map((name) => fieldOf(page, name));
  const isPage = typeof code === 'string' && typeof digest === 'string' && Number.isSafeInteger(failures);
  return isPage ? { code, digest, failures: failures as number } : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function causesOf(error: Error): { code: string; message: string }[] {
  const causes: { code: string; message: string }[] = [];
  let link: unknown = fieldOf(error, 'cause');
  while (isError(link) && causes.length < MAX_CAUSES) {
    const code = isCatenaError(link) ? link.code : (textOf(link, 'code') ?? textOf(link, 'name') ?? 'Error');
    causes.push({ code, message: textOf(link, 'message', MAX_MESSAGE_CHARS) ?? '' });
    link = fieldOf(link, 'cause');
  }
  return causes;
}

/** The details, if JSON can hold them within their bound; else those of them that can be kept. */
function plainData(data: CatenaError['data']): Failure['data'] {
  const whole = jsonOf(data);
  if (whole !== undefined && whole.length <= MAX_DATA_CHARS) return data;
  const kept: Record<string, unknown> = {};
  let chars = 0;
  for (const name of Object.keys(data)) {
    const value = fieldOf(data, name);
    const size = name.length + (jsonOf(value)?.length ?? MAX_DATA_CHARS);
    if (chars + size > MAX_DATA_CHARS) continue;
    chars += size;
    kept[name] = value;
  }
  return kept;
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
