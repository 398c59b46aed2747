/** Checks everything that can be wrong before a run starts; nothing has been started by then. */

import type { ServedModule } from '../../calls/served-module.ts';
import type { LoadedConfig } from '../../config/load-config.ts';
import { type Caps, hasCaps } from '../../contracts/caps.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { canonicalJson } from '../../keys/canonical-json.ts';
import { checkGivenInput } from '../../modules/check/unknown-fields.ts';
import type { TaskSubmission } from '../../stage/run/submit.ts';
import { makeDatabaseFolder } from '../../store/sqlite/single-file.ts';
import type { CallsInFlight } from '../../telemetry/calls-in-flight.ts';
import type { Log } from '../../telemetry/log.ts';
import { openModules } from '../../workers/open-modules.ts';
import type { CliContext } from '../context.ts';
import { moduleSettings } from '../effective-config.ts';
import { readInputFile } from '../input/input-file.ts';
import { parsePairs } from '../input/pairs.ts';
import { parseAmount, parseDuration, parseSize, parseWhole } from '../input/quantities.ts';
import { typedInput } from '../input/typed-input.ts';
import { chooseItemType, openSink, rowFormat } from '../output/open-output.ts';
import { type ForeignContent, parseOutput, requireNoOutput } from '../output/output-option.ts';
import type { NewFormat } from '../output/own-file.ts';
import type { Sink } from '../output/sink.ts';
import { makePageFolder } from '../pages/page-file.ts';
import { ITEM_TYPES_KEY, STEPS_KEY } from '../read/failed-nodes.ts';
import type { FileLocation, RunLocation } from '../run-location.ts';
import { type Expectations, parseExpectations } from './expectations.ts';
import type { ModuleWork, RunOptions, Work } from './work.ts';

export interface RunOutput {
  readonly sink: Sink;
  readonly format: NewFormat;
  readonly type: string | undefined;
  readonly foreign: ForeignContent;
}

/** A module with its task. */
export interface PreparedTask {
  readonly module: ServedModule;
  readonly task: TaskSubmission;
  readonly expectations: Expectations;
  /** The calls in the workers of the module. */
  readonly calls: () => CallsInFlight;
  /** Ends the workers of the module; idempotent. */
  stop(): Promise<void>;
}

export interface PreparedRun extends PreparedTask {
  readonly location: FileLocation;
  readonly loaded: LoadedConfig;
  readonly output: RunOutput | undefined;
}

/** The settings that options of `run` set. */
export function settingsOf({ rps, concurrency, debug }: RunOptions): Readonly<Record<string, string | undefined>> {
  return {
    'limits.requests_per_second': rps,
    'limits.concurrency_per_host': concurrency,
    download_concurrency: concurrency,
    ...(debug === true ? { 'log.level': 'debug' } : {}),
  };
}

/** Opens the module and checks the input. {@link PreparedTask.stop} must be called when the module is no longer needed. */
export async function prepareTask(
  context: CliContext,
  work: Work,
  options: RunOptions,
  { location: { loaded }, log }: { readonly location: Pick<RunLocation, 'loaded'>; readonly log: Log },
): Promise<PreparedTask> {
  const { file, input } = typeof work === 'string' ? { file: work, input: undefined } : work;
  const { config } = loaded;
  const settingsFor = moduleSettings(context, () => loaded);
  const opened = await openModules({ files: [file], settingsFor, config, env: context.env, log });
  try {
    const module = opened.modules[0]!;
    const expectations = parseExpectations(options, module);
    const { calls, stop } = opened;
    return { module, task: await toTask(context, module, options, input), expectations, calls, stop };
  } catch (thrown) {
    await opened.stop();
    throw thrown;
  }
}

export async function prepareRun(
  context: CliContext,
  work: Work,
  options: RunOptions,
  { location, log }: { readonly location: FileLocation; readonly log: Log },
): Promise<PreparedRun> {
  const { loaded } = location;
  const prepared = await prepareTask(context, work, options, { location, log });
  try {
    if (options.record !== undefined) await makePageFolder(options.record);
    const output = await openOutput(context, prepared.module, options);
    await makeDatabaseFolder(loaded.config.store.path);
    return { ...prepared, location, loaded, output };
  } catch (thrown) {
    await prepared.stop();
    throw thrown;
  }
}

async function toTask(
  context: CliContext,
  module: ServedModule,
  options: RunOptions,
  given: ModuleWork['input'] | undefined,
): Promise<TaskSubmission> {
  const { account, platform, task, deadline, costCap } = options;
  const caps = capsOf(options);
  const deadlineMs = deadline === undefined ? undefined : parseDuration(deadline, '--deadline');
  const base =
    given ?? (options.inputFile === undefined ? {} : await readInputFile(options.inputFile, context.io.stdin));
  const pairs = parsePairs(options.input ?? [], '--input');
  const input = await typedInput(base, pairs, (given) => checkGivenInput(module, given));
  requireJson(input);
  return {
    modules: [module.id],
    input,
    account,
    platform,
    ...(task === undefined ? {} : { task }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(costCap === undefined ? {} : { costCap: parseAmount(costCap, '--cost-cap') }),
    ...(hasCaps(caps) ? { caps } : {}),
    metadata: {
      [STEPS_KEY]: JSON.stringify(module.steps.map(({ name }) => name)),
      [ITEM_TYPES_KEY]: JSON.stringify(module.itemTypes),
    },
  };
}

function capsOf({ maxPages, maxItems, maxDepth, maxBytes }: RunOptions): Caps {
  return {
    ...(maxPages === undefined ? {} : { pages: parseWhole(maxPages, '--max-pages', 1) }),
    ...(maxItems === undefined ? {} : { items: parseWhole(maxItems, '--max-items', 1) }),
    ...(maxDepth === undefined ? {} : { depth: parseWhole(maxDepth, '--max-depth', 0) }),
    ...(maxBytes === undefined ? {} : { bytes: parseSize(maxBytes, '--max-bytes') }),
  };
}

/** YAML has values that JSON cannot express: dates, infinity, a list that contains itself. */
function requireJson(input: unknown): void {
  try {
    canonicalJson(input);
  } catch (thrown) {
    throw new CatenaError('cli.bad_input', `the input cannot be stored as JSON: ${(thrown as Error).message}`, {
      cause: thrown,
      remedy: 'use only text, finite numbers, true, false, null, lists and objects',
    });
  }
}

async function openOutput(
  context: CliContext,
  module: ServedModule,
  options: RunOptions,
): Promise<RunOutput | undefined> {
  if (options.output === undefined) {
    requireNoOutput(options);
    return undefined;
  }
  const option = parseOutput(options.output, options);
  const type = chooseItemType(option, module.itemTypes, options.items, '--items');
  const format = rowFormat(option, module.itemTypes, type, module.early !== undefined);
  return { sink: await openSink(option, context.io.stdout), format, type, foreign: option.foreign };
}
