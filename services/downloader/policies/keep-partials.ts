import { earlyTime } from '../../../libs/stage/run/early-time.ts';
import { moduleOf } from '../../../libs/stage/run/runs.ts';
import type { PartialText } from '../../../libs/store/port.ts';
import type { DownloaderDeps } from '../deps.ts';
import type { RequestContext, RequestPolicy } from './policy.ts';
import type { SecretEchoes } from './secret-echoes.ts';

/** How often what has arrived is stored: a crash loses no more than this. */
const INTERVAL_MS = 2_000;
/** Longer bodies are stored up to here: the whole text is written each time. */
const MAX_BYTES = 1024 * 1024;
/** After the later phases have opened early nobody reads the texts, except a step that is executed again. */
const AFTER_EARLY_MS = 10_000;

/**
 * Stores what a request has received so far, for `partials()`: of requests that keep a partial body, in runs whose module opens its
 * later phases early, until that has happened. Other requests pass untouched.
 */
export const keepPartials: RequestPolicy = async (context, next) => {
  const endsAtMs = endOf(context);
  if (endsAtMs === undefined || endsAtMs <= context.deps.clock.now()) return next(context);
  const keeper = new PartialKeeper(context, endsAtMs);
  try {
    const onReceiving = (soFar: () => Buffer | undefined) => keeper.follow(soFar);
    return await next({ ...context, request: { ...context.request, onReceiving } });
  } finally {
    keeper.stop();
  }
};

function endOf({ asked, work }: RequestContext): number | undefined {
  if (asked.partial !== true) return undefined;
  const { run, lease } = work;
  const earlyAtMs = earlyTime(run.record, moduleOf(run, lease.node.moduleId).definition);
  return earlyAtMs === undefined ? undefined : earlyAtMs + AFTER_EARLY_MS;
}

/** Stores the text of one request as it grows, one write at a time. */
class PartialKeeper {
  readonly #deps: Pick<DownloaderDeps, 'clock' | 'log' | 'partials'>;
  readonly #of: Pick<PartialText, 'runId' | 'moduleId' | 'phase' | 'nodeId'>;
  readonly #endsAtMs: number;
  readonly #echoes: SecretEchoes | undefined;
  #soFar: () => Buffer | undefined = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #storedBytes = 0;
  #isWriting = false;

  constructor({ deps, work, echoes }: RequestContext, endsAtMs: number) {
    const { id: nodeId, runId, moduleId, phase } = work.lease.node;
    this.#deps = deps;
    this.#of = { runId, moduleId, phase, nodeId };
    this.#endsAtMs = endsAtMs;
    this.#echoes = echoes;
  }

  follow(soFar: () => Buffer | undefined): void {
    this.#soFar = soFar;
    this.#storedBytes = 0;
    this.#timer ??= setInterval(() => void this.#store(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#soFar = () => undefined;
  }

  async #store(): Promise<void> {
    const { clock, log, partials } = this.#deps;
    const receivedAtMs = clock.now();
    if (receivedAtMs > this.#endsAtMs) return this.stop();
    if (this.#isWriting) return;
    const bytes = this.#soFar()?.subarray(0, MAX_BYTES);
    if (bytes === undefined || bytes.byteLength <= this.#storedBytes) return;
    this.#isWriting = true;
    try {
      const clean = this.#echoes?.removedFromBytes(bytes) ?? bytes;
      await partials.savePartial({ ...this.#of, text: wholeCharacters(clean), receivedAtMs });
      this.#storedBytes = bytes.byteLength;
    } catch (error) {
      // The request itself goes on: only an early report lacks this text.
      log.warn('what a request has received so far was not stored', { node_id: this.#of.nodeId, error });
    } finally {
      this.#isWriting = false;
    }
  }
}

/** The bytes as UTF-8, without a character that is cut off at their end. */
function wholeCharacters(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes, { stream: true });
}
