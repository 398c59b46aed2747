/** Supervises a run until it is closed, a stop is requested, or its output fails. */

import { METRICS } from '../../telemetry/metric-names.ts';
import type { Engine } from '../engine.ts';
import { FollowLoop } from '../output/follow-loop.ts';
import type { ItemFollower } from '../output/follower.ts';
import { isClosedOutput } from '../output/output-error.ts';
import type { Claim } from '../output/own-file.ts';
import { readProgress } from '../status/progress.ts';
import { watchProgress } from '../status/reporter.ts';
import { sameCommand } from './messages.ts';
import type { RunScene } from './scene.ts';
import { listenForStop, type StopCause } from './stop-request.ts';
import type { Summary } from './summary.ts';
import { LOOK_ITEMS, type RunLooker } from './work.ts';

export type Ended =
  | { readonly kind: 'closed'; readonly session: Summary['session'] }
  | { readonly kind: 'interrupted'; readonly cause: StopCause };

export interface SupervisedRun {
  readonly runId: string;
  readonly isResumed: boolean;
  readonly follower: ItemFollower | undefined;
  readonly claim: Claim;
}

const FOLLOW_INTERVAL_MS = 250;
const SLOWEST_HOSTS = 3;

/** Throws the error of the database, the output or the recording; the run can be resumed then. */
export async function superviseRun(engine: Engine, scene: RunScene, run: SupervisedRun): Promise<Ended> {
  try {
    return await watchOver(engine, scene, run);
  } catch (thrown) {
    const { context, options, reporter } = scene;
    const again = options.again ?? sameCommand(context.invocation, context.args);
    reporter.say(`run ${run.runId} can be resumed:\n  ${again}`);
    throw thrown;
  }
}

async function watchOver(
  engine: Engine,
  scene: RunScene,
  { runId, isResumed, follower, claim }: SupervisedRun,
): Promise<Ended> {
  const { context, reporter, hosts, tally } = scene;
  const startedAtMs = context.clock.monotonic();
  const stop = listenForStop(context);
  const outputFailed = Promise.withResolvers<never>();
  outputFailed.promise.catch(() => {});
  await follower?.open(claim);
  const loop = follower && new FollowLoop({ follower, intervalMs: FOLLOW_INTERVAL_MS, onError: outputFailed.reject });
  const itemsBefore = isResumed ? await engine.store.countItems(runId) : 0;
  const looker = lookerFor(engine, runId);
  const watch = watchProgress(reporter, async () => {
    await scene.view?.look(looker);
    return readProgress(engine, runId, itemsBefore, context.clock);
  });
  loop?.start();
  try {
    const failed = Promise.race([scene.failed, outputFailed.promise]);
    const closed = engine.closed(runId).then(() => 'closed' as const);
    const first = await orReaderLeft(Promise.race([closed, stop.asked, failed]));
    if (first !== 'closed') {
      reporter.say(STOPPING[first]);
      await orReaderLeft(Promise.race([engine.quiesce(), failed]));
    }
    if (first !== 'reader') await orReaderLeft(Promise.race([loop?.finish(), failed]));
    if (first !== 'closed' && (await engine.store.findRun(runId))?.state !== 'closed') {
      return { kind: 'interrupted', cause: first };
    }
    return {
      kind: 'closed',
      session: {
        durationMs: context.clock.monotonic() - startedAtMs,
        pages: engine.metrics.total(METRICS.parserSuccess),
        retries: engine.metrics.total(METRICS.errorTaskRetry),
        slowest: hosts.slowest(SLOWEST_HOSTS),
        steps: tally.counts(),
      },
    };
  } finally {
    stop.dispose();
    await loop?.stop();
    await watch.end();
  }
}

const STOPPING: Readonly<Record<StopCause, string>> = {
  signal: 'stopping: finishing the nodes in execution; press Ctrl-C again to end at once',
  reader: 'the reader of the output has left; stopping: finishing the nodes in execution',
};

/** An output whose reader has left is not a failure of the run. */
async function orReaderLeft<Result>(work: Promise<Result>): Promise<Result | 'reader'> {
  try {
    return await work;
  } catch (thrown) {
    if (isClosedOutput(thrown)) return 'reader';
    throw thrown;
  }
}

function lookerFor({ store, limiter }: Engine, runId: string): RunLooker {
  return {
    runId,
    items: (type, afterSeq) => store.readItems({ runId, type, afterSeq, limit: LOOK_ITEMS }),
    underWay: (limitKey) => limiter.snapshot().find(({ key }) => key === limitKey)?.inFlight ?? 0,
  };
}
