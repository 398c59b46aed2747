/** Reports the first failure of each kind as soon as it happens, so that nobody waits for the end to learn the reason. */
import { formatDuration, oneLine } from '../terminal/format.ts';
import type { Reporter } from './reporter.ts';

/** A failure that has been decided about. */
export interface SeenFailure {
  readonly step: string;
  readonly code: string;
  readonly message: string;
  /** `retry`: it is tried again. Everything else is final. */
  readonly action: string;
  /** Executions so far; undefined if they are not known. */
  readonly attempts?: number | undefined;
  /** When it is tried again, in milliseconds from now; undefined if that is not known. */
  readonly retryInMs?: number | undefined;
}

/** A run that fails in more ways is looked at with `catena show`. */
const MOST_KINDS = 20;
const MESSAGE_CHARS = 300;

export class FirstFailures {
  readonly #reporter: Pick<Reporter, 'say' | 'event'>;
  readonly #kinds = new Set<string>();

  constructor(reporter: Pick<Reporter, 'say' | 'event'>) {
    this.#reporter = reporter;
  }

  /** Whether all kinds that are reported have been. */
  get isFull(): boolean {
    return this.#kinds.size > MOST_KINDS;
  }

  /** Failures of the same step with the same code are of one kind. */
  take(failure: SeenFailure): void {
    const { step, code, message, action, attempts, retryInMs } = failure;
    const kind = `${step}\n${code}`;
    if (this.#kinds.has(kind) || this.isFull) return;
    this.#kinds.add(kind);
    if (this.isFull) {
      this.#reporter.say('it fails in more ways, which are not reported any more: `catena letters` lists them');
      return;
    }
    const text = `${oneLine(step)}  ${oneLine(code)}: ${oneLine(message, MESSAGE_CHARS)}`;
    this.#reporter.say(`first failure of ${text} (${nextText(failure)})`);
    this.#reporter.event('first_failure', {
      ...{ step, code, message, action },
      ...(attempts === undefined ? {} : { attempts }),
      ...(retryInMs === undefined ? {} : { retry_in_ms: Math.round(retryInMs) }),
    });
  }
}

function nextText({ action, attempts, retryInMs }: SeenFailure): string {
  const tried = attempts === undefined ? '' : `attempt ${attempts}, `;
  if (action !== 'retry') return `${tried}${action === 'fallback' ? 'its page is parsed again' : 'given up'}`;
  return `${tried}tried again${retryInMs === undefined ? '' : ` in ${formatDuration(retryInMs)}`}`;
}
