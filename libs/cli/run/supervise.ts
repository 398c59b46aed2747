/** Supervises a run until it is closed, a stop is requested, or its output fails. */

import { METRICS } from '../../telemetry/metric-names.ts';
import type { Engine } from '../engine.ts';
import { FollowLoop } from '../output/follow-loop.ts';
import type { ItemFollower } from '../output/follower.ts';
import type { Claim } from '../output/own-file.ts';
import { readProgress } from '../status/progress.ts';
import { watchProgress } from '../status/reporter.ts';
import { sameCommand } from './messages.ts';
import type { RunScene } from './scene.ts';
import { listenForStop } from './stop-request.ts';
import type { Summary } from './summary.ts';
import { LOOK_ITEMS, type RunLooker } from './work.ts';

export type Ended =
  | { readonly kind: 'closed'; readonly session: Summary['session'] }
  | { readonly kind: 'interrupted' };

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
    const first = await Promise.race([closed, stop.asked.then(() => 'asked' as const), failed]);
    if (first === 'asked') {
      reporter.say('stopping: finishing the nodes in execution; press Ctrl-C again to end at once');
      await Promise.race([engine.quiesce(), failed]);
    }
    await Promise.race([loop?.finish(), failed]);
    if (first === 'asked' && (await engine.store.findRun(runId))?.state !== 'closed') return { kind: 'interrupted' };
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

function lookerFor({ store, limiter }: Engine, runId: string): RunLooker {
  return {
    runId,
    items: (type, afterSeq) => store.readItems({ runId, type, afterSeq, limit: LOOK_ITEMS }),
    underWay: (limitKey) => limiter.snapshot().find(({ key }) => key === limitKey)?.inFlight ?? 0,
  };
}
