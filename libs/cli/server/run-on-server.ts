/** `catena run --server`: submits a task, or finds its run, and watches it to its end. */
import { RunState } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { CliContext } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { keptLimits, logFor, reporterFor, sameCommand } from '../run/messages.ts';
import { prepareTask } from '../run/prepare.ts';
import { listenForStop } from '../run/stop-request.ts';
import type { RunOptions, RunView, Work } from '../run/work.ts';
import { commandFor, type ServerLocation } from '../run-location.ts';
import { formatCount } from '../terminal/format.ts';
import { type BegunRun, beginRun, requireModule } from './begin.ts';
import { withServer } from './connect.ts';
import { reportServerEnd } from './end.ts';
import { openServerOutput } from './run-output.ts';
import type { ServerScene } from './scene.ts';
import { superviseServerRun } from './supervise.ts';

export async function runOnServer(
  context: CliContext,
  work: Work,
  options: RunOptions,
  location: ServerLocation,
  view?: RunView,
): Promise<ExitCodeValue> {
  refuseOptionsOfFiles(options);
  const reporter = view?.reporter ?? reporterFor(context, options);
  const log = logFor(location.loaded, context, reporter);
  const prepared = await prepareTask(context, work, options, { location, log });
  // The server executes the module: here its input was checked.
  await prepared.stop();
  const output = await openServerOutput(context, prepared.module, options);
  return withServer(location, (server) =>
    runOn({ context, location, server, options, prepared, output, reporter, view }),
  );
}

async function runOn(scene: ServerScene): Promise<ExitCodeValue> {
  const { context, server, options, prepared, output, reporter } = scene;
  const { module, task } = prepared;
  await requireModule(server.calls, module.id);
  const begun = await beginRun(server.calls, task, { isFresh: options.fresh === true, beforeNew: output?.requireFree });
  const { runId, state } = begun.run;
  for (const text of words(scene, begun)) reporter.say(text);
  reporter.event('started', { run_id: runId, module: module.id, resumed: begun.isOld });
  const stop = listenForStop(context);
  try {
    const ended = await superviseServerRun(scene, { runId, isOld: begun.isOld }, stop);
    if (ended === undefined) return reportLeaving(scene, runId);
    return await reportServerEnd(scene, { ...ended, isReport: state === RunState.CLOSED });
  } catch (thrown) {
    reporter.say(`run ${runId} continues at the server; to watch it again:\n  ${again(scene)}`);
    throw thrown;
  } finally {
    stop.dispose();
  }
}

function words({ server, prepared, options }: ServerScene, { run, isOld, cancelled }: BegunRun): string[] {
  const { runId, state, nodes } = run;
  const first =
    cancelled === undefined
      ? []
      : [`cancelled the unfinished run ${cancelled}: its items stay, \`catena items ${cancelled}\``];
  if (!isOld) return [...first, `run ${runId} of ${prepared.module.id} at ${server.address}`];
  if (state === RunState.CLOSED) return [`this work is already done: run ${runId}; add --fresh to run it again`];
  const done = nodes === undefined ? '' : `, ${formatCount(nodes.done)} nodes done`;
  return [`watching run ${runId} of the same work${done}`, ...keptLimits(options)];
}

function again({ context, options }: ServerScene): string {
  return options.again ?? sameCommand(context.invocation, context.args);
}

function reportLeaving(scene: ServerScene, runId: string): ExitCodeValue {
  const { context, location, reporter } = scene;
  const watch = again(scene);
  const cancel = commandFor(context, location, 'cancel', runId);
  reporter.say(`run ${runId} continues at the server. To watch it again:\n  ${watch}\nTo cancel it:\n  ${cancel}`);
  reporter.event('interrupted', { run_id: runId, resume: watch, cancel, exit_code: ExitCode.INTERRUPTED });
  return ExitCode.INTERRUPTED;
}

/** Options that only the executing process can apply. */
function refuseOptionsOfFiles({ rps, concurrency, record, maxEmpty }: RunOptions): void {
  const given = Object.entries({
    '--rps': rps,
    '--concurrency': concurrency,
    '--record': record,
    '--max-empty': maxEmpty,
  }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length === 0) return;
  throw new CatenaError('cli.not_at_server', `${given.join(' and ')} cannot be used with a server`, {
    remedy: 'leave it out: set rates at the services, and record pages with a run in a file',
  });
}
