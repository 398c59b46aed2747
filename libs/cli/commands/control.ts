/** `catena cancel`, `pause` and `resume`. */

import { ModuleRegistry } from '../../calls/registry.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord } from '../../store/port.ts';
import { createLog } from '../../telemetry/log.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { withRuns } from '../read/open-source.ts';
import { type FileLocation, locationOf, needsServer, type ServerLocation } from '../run-location.ts';
import { withServer } from '../server/connect.ts';
import { findServerRun } from '../server/find-run.ts';

export type ControlAction = 'cancel' | 'pause' | 'resume';

export interface ControlOptions extends ConfigOptions {
  readonly output?: string;
}

export async function controlRun(
  context: CliContext,
  action: ControlAction,
  reference: string,
  options: ControlOptions,
): Promise<ExitCodeValue> {
  const location = locationOf(context, options);
  const { runId, changed } =
    location.kind === 'server'
      ? await controlAtServer(location, action, reference)
      : await controlInFile({ context, location, options }, action, reference);
  if (options.output === 'json') {
    context.io.stdout.write(`${JSON.stringify({ run_id: runId, action, changed })}\n`);
  } else {
    context.io.stderr.write(`${WORDS[action][changed ? 'done' : 'unchanged'](runId)}\n`);
  }
  return ExitCode.DONE;
}

const WORDS: Readonly<Record<ControlAction, Record<'done' | 'unchanged', (runId: string) => string>>> = {
  cancel: {
    done: (runId) => `run ${runId} is cancelled; its items stay: \`catena items\` reads them`,
    unchanged: (runId) => `run ${runId} is already ending: nothing changed`,
  },
  pause: {
    done: (runId) => `run ${runId} is paused: nodes in execution finish, and its deadline keeps running`,
    unchanged: (runId) => `run ${runId} is already paused or ending: nothing changed`,
  },
  resume: {
    done: (runId) => `run ${runId} is resumed`,
    unchanged: (runId) => `run ${runId} was not paused: nothing changed`,
  },
};

interface Controlled {
  readonly runId: string;
  readonly changed: boolean;
}

function controlAtServer(location: ServerLocation, action: ControlAction, reference: string): Promise<Controlled> {
  return withServer(location, async ({ calls }) => {
    const { runId } = await findServerRun(calls, reference);
    const call = { cancel: calls.cancelRun, pause: calls.pauseRun, resume: calls.resumeRun }[action];
    return { runId, changed: (await call({ runId })).changed };
  });
}

interface FileScene {
  readonly context: CliContext;
  readonly location: FileLocation;
  readonly options: ControlOptions;
}

async function controlInFile(scene: FileScene, action: ControlAction, reference: string): Promise<Controlled> {
  if (action !== 'cancel') {
    throw needsServer(
      action,
      'pause a run in a file with Ctrl-C, and resume it by giving its `catena run` command again',
    );
  }
  const run = await withRuns(scene.context, scene.options, (runs) => runs.findRun(reference));
  if (run.state === 'closed') {
    throw new CatenaError('cli.run_closed', `run ${run.runId} is closed`, {
      remedy: 'a closed run cannot be cancelled; `catena show` says how it ended',
    });
  }
  await cancelInFile(scene, run);
  return { runId: run.runId, changed: true };
}

/** Starts the stages for this run only: they end its open nodes and store its end. */
async function cancelInFile({ context, location: { loaded } }: FileScene, { runId }: RunRecord): Promise<void> {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const startEngine = await context.loadEngine();
  const engine = startEngine({
    config: loaded.config,
    modules: new ModuleRegistry(),
    log: createLog({ level: 'warn', format: loaded.config.log.format, runtimeMode: loaded.mode }),
    onStoreFailure: failure.reject,
    serves: () => false,
  });
  try {
    await engine.cancel(runId);
    await Promise.race([engine.closed(runId), failure.promise]);
  } finally {
    await engine.stop();
  }
}
