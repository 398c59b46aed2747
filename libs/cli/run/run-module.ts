/** `catena run` on a file: starts, resumes or reports a run, and watches it to its end. */

import { ModuleRegistry } from '../../calls/registry.ts';
import { readEnvironment } from '../../config/environment.ts';
import { ignoredProxies } from '../../config/ignored-proxies.ts';
import { fingerprintOf } from '../../stage/run/submit.ts';
import type { RunRecord } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';
import { startTelemetry, type Telemetry } from '../../telemetry/start-telemetry.ts';
import type { CliContext } from '../context.ts';
import type { Engine, EngineOptions } from '../engine.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { ItemFollower } from '../output/follower.ts';
import { type Claim, claimFile } from '../output/own-file.ts';
import { FolderRecorder } from '../pages/recorder.ts';
import { stepName } from '../read/failed-nodes.ts';
import { commandFor, type FileLocation, locationOf } from '../run-location.ts';
import { FirstFailures } from '../status/first-failures.ts';
import { HostTimes } from '../status/host-times.ts';
import { countNodes } from '../status/progress.ts';
import { StepTally } from '../status/step-tally.ts';
import { countOf, formatCount } from '../terminal/format.ts';
import { reportEnd } from './end.ts';
import { keptLimits, logFor, reporterFor, sameCommand } from './messages.ts';
import { type PreparedRun, prepareRun, settingsOf } from './prepare.ts';
import type { RunScene } from './scene.ts';
import type { StopCause } from './stop-request.ts';
import { type Ended, superviseRun } from './supervise.ts';
import type { RunOptions, RunView, Work } from './work.ts';

/** `view` replaces the default reporter. */
export async function runModule(
  context: CliContext,
  work: Work,
  options: RunOptions,
  view?: RunView,
): Promise<ExitCodeValue> {
  const location = locationOf(context, options, settingsOf(options));
  if (location.kind === 'file') return runInFile(context, work, options, location, view);
  // The server client is slow to load, and most runs do not need it.
  const { runOnServer } = await import('../server/run-on-server.ts');
  return runOnServer(context, work, options, location, view);
}

async function runInFile(
  context: CliContext,
  work: Work,
  options: RunOptions,
  location: FileLocation,
  view: RunView | undefined,
): Promise<ExitCodeValue> {
  const reporter = view?.reporter ?? reporterFor(context, options);
  const log = logFor(location.loaded, context, reporter);
  const moduleLog = logFor(location.loaded, context, reporter, 'module');
  const proxies = ignoredProxies(context.env);
  if (proxies !== undefined) log.warn(proxies.message, { variables: proxies.variables, remedy: proxies.remedy });
  const preparing = prepareRun(context, work, options, { location, log: moduleLog });
  // Meanwhile the workers load the module.
  const [startEngine, prepared] = await Promise.all([context.loadEngine(), preparing]);
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const hosts = new HostTimes();
  const tally = new StepTally(prepared.module.steps.map(({ name }) => name));
  const failures = new FirstFailures(reporter);
  let engine: Engine | undefined;
  let telemetry: Telemetry | undefined;
  try {
    const observers = { log, hosts, tally, failures, fail: failure.reject };
    engine = startEngine(engineOptions(prepared, options, observers));
    telemetry = await startTelemetry({
      config: prepared.loaded.config,
      serviceName: 'catena',
      log,
      metrics: engine.metrics,
      env: readEnvironment(),
    });
    return await runOn(engine, { context, prepared, options, reporter, view, hosts, tally, failed: failure.promise });
  } finally {
    await engine
      ?.stop()
      .catch((thrown: unknown) => reporter.say(`the database could not be closed: ${String(thrown)}`));
    await prepared.stop();
    await telemetry?.stop();
    await prepared.output?.sink.close();
  }
}

interface Observers {
  readonly log: Log;
  readonly hosts: HostTimes;
  readonly tally: StepTally;
  readonly failures: FirstFailures;
  readonly fail: (error: Error) => void;
}

function engineOptions(
  { loaded, module, task, calls }: PreparedRun,
  { record, fresh, account, platform }: RunOptions,
  { log, hosts, tally, failures, fail }: Observers,
): EngineOptions {
  const fingerprint = fingerprintOf(task);
  const steps = module.steps.map(({ name }) => name);
  const recorder =
    record === undefined
      ? undefined
      : new FolderRecorder({ folder: record, module, input: task.input, account, platform, onFailure: fail });
  return {
    config: loaded.config,
    modules: new ModuleRegistry([module]),
    calls,
    log,
    onStoreFailure: fail,
    onDownload: (host, durationMs, outcome) => hosts.record(host, durationMs, outcome),
    // The file may contain unfinished runs of other modules and inputs: they must not be executed now.
    serves: (run) => fresh !== true && run.fingerprint === fingerprint,
    recorder: {
      record: async (page) => {
        tally.take(page);
        await recorder?.record(page);
      },
    },
    onFailure: ({ stepIdx, ...failure }) => failures.take({ ...failure, step: stepName(steps, stepIdx) }),
  };
}

async function runOn(engine: Engine, scene: RunScene): Promise<ExitCodeValue> {
  const { options, prepared, reporter } = scene;
  const same = await engine.findSame(prepared.task);
  if (same?.state === 'closed' && options.fresh !== true) return reportFinished(engine, scene, same);
  const claim = await claimOutput(engine, scene, options.fresh === true ? undefined : same);
  const { runId, isResumed } = await beginOrResume(engine, scene, same);
  reporter.event('started', { run_id: runId, module: prepared.module.id, resumed: isResumed });
  const follower = followerFor(engine, scene, runId);
  const ended = await superviseRun(engine, scene, { runId, isResumed, follower, claim });
  if (ended.kind === 'interrupted') return reportInterruption(scene, runId, ended.cause);
  return reportEnd(engine, scene, { runId, ended, rows: follower?.rows });
}

async function beginOrResume(
  engine: Engine,
  { prepared, options, reporter }: RunScene,
  same: RunRecord | undefined,
): Promise<{ readonly runId: string; readonly isResumed: boolean }> {
  const { task, module } = prepared;
  const isUnfinished = same !== undefined && same.state !== 'closed';
  if (isUnfinished && options.fresh === true) {
    await engine.cancel(same.runId);
    reporter.say(`cancelled the unfinished run ${same.runId}: its items stay, \`catena items ${same.runId}\``);
  }
  await engine.admit();
  if (isUnfinished && options.fresh !== true) {
    const { done, failed, open } = countNodes(await engine.progress(same.runId));
    const known = done + failed + open;
    reporter.say(`resuming run ${same.runId}, ${formatCount(done)} of ${countOf(known, 'known node')} done`);
    for (const text of keptLimits(options)) reporter.say(text);
    return { runId: same.runId, isResumed: true };
  }
  const { runId } = await engine.submit(task);
  reporter.say(`run ${runId} of ${module.id}`);
  return { runId, isResumed: false };
}

export function followerFor(
  engine: Engine,
  { context, prepared: { output } }: RunScene,
  runId: string,
): ItemFollower | undefined {
  if (output === undefined) return undefined;
  return new ItemFollower({
    ...output,
    store: engine.store,
    runId,
    monotonicMs: () => context.clock.monotonic(),
  });
}

/** Refuses an output with foreign content before anything is submitted. `run` is the run that goes on, if there is one. */
async function claimOutput(
  { store }: Engine,
  { context, prepared: { output, location }, reporter }: RunScene,
  run: RunRecord | undefined,
): Promise<Claim> {
  if (output === undefined) return { kind: 'begin', base: 0 };
  const claim = await claimFile({ ...output, store, runId: run?.runId });
  if (claim.kind === 'begin' && claim.replaced !== undefined) {
    const items = commandFor(context, location, 'items', claim.replaced);
    reporter.say(`${output.sink.name} had the items of run ${claim.replaced}, which the database keeps: ${items}`);
  }
  return claim;
}

/** The same work was finished before: only its output file is completed. */
async function reportFinished(engine: Engine, scene: RunScene, run: RunRecord): Promise<ExitCodeValue> {
  scene.reporter.say(`this work is already done: run ${run.runId}; add --fresh to run it again`);
  const claim = await claimOutput(engine, scene, run);
  const follower = followerFor(engine, scene, run.runId);
  await follower?.open(claim);
  await follower?.finish();
  const ended: Ended = { kind: 'closed', session: undefined };
  return reportEnd(engine, scene, { runId: run.runId, ended, rows: follower?.rows });
}

function reportInterruption({ context, options, reporter }: RunScene, runId: string, cause: StopCause): ExitCodeValue {
  const again = options.again ?? sameCommand(context.invocation, context.args);
  const unread = cause === 'reader' ? ', also the items that nobody read' : '';
  const text = `stopped: run ${runId} keeps all finished work${unread}. To resume it:\n  ${again}`;
  // The events are on the output that nobody reads.
  if (cause === 'reader' && options.json === true && options.output !== '-') context.io.stderr.write(`${text}\n`);
  reporter.say(text);
  reporter.event('interrupted', { run_id: runId, resume: again, exit_code: ExitCode.INTERRUPTED });
  return ExitCode.INTERRUPTED;
}
