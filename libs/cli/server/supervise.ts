/** Watches a run at a server and writes its items, until it is closed or a stop is requested. */
import { type Run, RunState } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { StoredItem } from '../../store/port.ts';
import { isClosedOutput } from '../output/output-error.ts';
import type { StopRequest } from '../run/stop-request.ts';
import { FirstFailures } from '../status/first-failures.ts';
import { cappedAt, countNodes, type Progress, type Waiting } from '../status/progress.ts';
import { watchProgress } from '../status/reporter.ts';
import type { IngressCalls } from './connect.ts';
import { FailureWatch } from './failure-watch.ts';
import type { ItemOutput } from './item-output.ts';
import { persistently, type RetryWindow } from './retry-window.ts';
import { toSnapshot } from './run-message.ts';
import { itemReader } from './run-output.ts';
import type { ServerScene } from './scene.ts';
import { toItem } from './server-runs.ts';

export interface EndedServerRun {
  readonly run: Run;
  readonly durationMs: number;
  readonly items: ItemOutput | undefined;
}

/** Undefined if a stop was requested. Throws `server.lost`, and the errors of the output. */
export async function superviseServerRun(
  scene: ServerScene,
  { runId, isOld }: { readonly runId: string; readonly isOld: boolean },
  stop: Pick<StopRequest, 'asked'>,
): Promise<EndedServerRun | undefined> {
  const { context, location, server, output, reporter } = scene;
  const startedAtMs = context.clock.monotonic();
  const leaving = new AbortController();
  const window: RetryWindow = {
    address: server.address,
    windowMs: location.loaded.config.server.patienceMs,
    say: (text) => reporter.say(text),
    monotonicMs: () => context.clock.monotonic(),
    signal: leaving.signal,
  };
  let latest: Run | undefined;
  const status = watchProgress(reporter, async () => {
    if (latest === undefined) throw new Error('the server has not sent a status yet');
    await scene.view?.look({
      runId,
      items: (type, afterSeq) => itemsBehind(scene, runId, type, afterSeq),
      ...ELSEWHERE,
    });
    return progressOf(latest, context.clock.monotonic());
  });
  const failureWatch = new FailureWatch({
    ...{ calls: server.calls, runId, latest: () => latest, failures: new FirstFailures(reporter) },
    steps: scene.prepared.module.steps.map(({ name }) => name),
    nowMs: () => context.clock.now(),
    signal: leaving.signal,
  });
  const closed = watchToEnd(server.calls, runId, window, (run) => {
    latest = run;
  });
  // Only one of the two reports that the server does not answer: both notice it.
  const quiet = { ...window, say: () => {} };
  const items = output?.open(itemReader(server.calls, { ...output, runId }, quiet), isOld);
  const work = Promise.all([closed, items?.follow(closed)]);
  try {
    const first = await Promise.race([work, stop.asked]).catch((thrown: unknown) => {
      // The reader of the output has left: nobody watches any more.
      if (isClosedOutput(thrown)) return 'reader' as const;
      throw thrown;
    });
    if (typeof first === 'string') return undefined;
    return { run: first[0], durationMs: context.clock.monotonic() - startedAtMs, items };
  } finally {
    leaving.abort();
    await Promise.allSettled([closed, work, failureWatch.stop()]);
    await status.end();
  }
}

/** Only the services know which nodes are in execution there. */
const ELSEWHERE = { underWay: () => undefined };

async function itemsBehind(
  { server }: ServerScene,
  runId: string,
  type: string,
  afterSeq: number,
): Promise<StoredItem[]> {
  const found: StoredItem[] = [];
  for await (const { items } of server.calls.listItems({ runId, type, afterSeq })) found.push(...items.map(toItem));
  return found;
}

/** Watches a run to its end, also over a new connection; resolves with the closed run. Throws as {@link persistently}. */
export async function watchToEnd(
  calls: IngressCalls,
  runId: string,
  window: RetryWindow,
  onChange: (run: Run) => void,
): Promise<Run> {
  return persistently(window, async (answered) => {
    for await (const { run } of calls.watchRun({ runId }, { signal: window.signal })) {
      answered();
      if (run === undefined) continue;
      onChange(run);
      if (run.state === RunState.CLOSED) return run;
    }
    throw new CatenaError('server.ended_early', 'the server ended the watch before the run', { class: 'retryable' });
  });
}

/** The progress of a run that other processes execute. */
export function progressOf(run: Run, atMs: number): Progress {
  const snapshot = toSnapshot(run);
  const paused: Waiting | undefined = run.paused ? { kind: 'paused' } : undefined;
  return {
    atMs,
    ...countNodes(snapshot),
    inFlight: undefined,
    retries: undefined,
    items: run.items,
    pages: 0,
    waiting: run.mark !== '' ? { kind: 'ending', mark: run.mark } : (paused ?? cappedAt(snapshot)),
  };
}
