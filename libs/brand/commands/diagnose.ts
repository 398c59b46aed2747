/** `catena diagnose`: runs a brand diagnosis and writes its report. */

import { fileURLToPath } from 'node:url';
import type { CliContext } from '../../cli/context.ts';
import { ExitCode, type ExitCodeValue } from '../../cli/exit-codes.ts';
import { readInputFile } from '../../cli/input/input-file.ts';
import { type FailedNode, readFailedNodes } from '../../cli/read/failed-nodes.ts';
import { openReader } from '../../cli/read/open-reader.ts';
import { withRuns } from '../../cli/read/open-source.ts';
import { runModule } from '../../cli/run/run-module.ts';
import type { ModuleWork, RunView } from '../../cli/run/work.ts';
import { commandFor, type FileLocation, locationOf, type RunLocation } from '../../cli/run-location.ts';
import type { Reporter } from '../../cli/status/reporter.ts';
import { oneLine } from '../../cli/terminal/format.ts';
import { paintFor } from '../../cli/terminal/io.ts';
import { valuesOf } from '../../config/load-config.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { groupFailures } from '../../explain/failures.ts';
import type { Brand } from '../extraction/brand.ts';
import { ordinaryNames } from '../extraction/ordinary-words.ts';
import { brandsOf, diagnosisInput } from '../module/input.ts';
import { MODULE_FILE } from '../module/module-file.ts';
import { planCalls } from '../module/plan.ts';
import { configuredRegistry, type ProviderRegistry } from '../module/provider-registry.ts';
import { printedPrompt } from '../prompts/prompt.ts';
import { type Assertion, judged, parseAssertion } from '../report/assertions.ts';
import { summaryOf } from '../report/summary.ts';
import { BRAND_SETTINGS } from '../settings.ts';
import { boardEvents, boardLog, boardReporter } from './board-reporter.ts';
import { historyOf, readIfReported } from './kept-reports.ts';
import { ModelBoard } from './model-board.ts';
import { requireModels, requirePrices, withKeysAllowed } from './models.ts';
import { type DiagnoseOptions, inputOf } from './options.ts';
import { PreliminaryReport, reportEvent } from './preliminary-report.ts';
import { ALLOW_PRIVATE, DENY_PRIVATE, privateEndpoints, requireAllowed, withEndpoints } from './private-endpoints.ts';
import { readPromptSet } from './prompt-sets.ts';
import { makeReportFolder, writeReport } from './write-report.ts';

/**
 * Starts a diagnosis, resumes an unfinished one, or reports a finished one; returns the exit code of its run. A preliminary report is
 * written and told on the way: the final one takes the place of its files.
 */
export async function diagnose(context: CliContext, options: DiagnoseOptions): Promise<ExitCodeValue> {
  const base = options.inputFile === undefined ? {} : await readInputFile(options.inputFile, context.io.stdin);
  const set = options.questions === undefined ? undefined : await readPromptSet(options.questions, options.promptSet);
  const input = await inputOf(options, base, set);
  const asked = brandsOf(diagnosisInput.parse(input));
  const assertions = (options.assert ?? []).map((text) =>
    parseAssertion(
      text,
      asked.map(({ name }) => name),
    ),
  );
  warnOfOrdinaryNames(context, asked, options.json === true);
  const location = locationOf(context, options);
  if (location.kind === 'file') requireKept(location);
  const prepared = location.kind === 'file' ? await atFile(context, options, location, input) : atServer(input);
  await makeReportFolder(options.output, options.overwrite === true);
  const view = viewOf(context, options, input);
  const { output: _folder, assert: _assertions, overwrite: _overwrite, ...others } = options;
  const exitCode = await runModule(context, prepared.work, { ...others, ...prepared.options }, view);
  if (exitCode === ExitCode.INTERRUPTED || view.runId() === '') return exitCode;
  return report(context, { ...options, assertions }, location, view, exitCode);
}

interface Prepared {
  readonly work: ModuleWork;
  /** What of the options is said in another way. */
  readonly options: { readonly set?: readonly string[] };
}

/** For a run in a file: this process asks the models, so they must be in the registry and their keys must be available. */
async function atFile(
  context: CliContext,
  { account, platform, costCap, set = [] }: DiagnoseOptions,
  { loaded, path }: FileLocation,
  input: ModuleWork['input'],
): Promise<Prepared> {
  const { config } = loaded;
  const registry = configuredRegistry(valuesOf(BRAND_SETTINGS, loaded)['brand.providers']);
  const { models } = diagnosisInput.parse(input);
  requirePrices(registry, models, costCap);
  await requireModels(context, { registry, models, task: { account, platform }, getAccount: accountsIn(path) });
  return {
    work: { file: fileURLToPath(MODULE_FILE), input },
    options: {
      set: [
        ...withKeysAllowed(
          await withEndpointsAllowed(set, loaded, registry, models),
          config.downloader.secrets ?? [],
          registry,
          models,
        ),
      ],
    },
  };
}

/**
 * Private addresses are refused, since redirects may lead anywhere, but for the endpoints of the chosen models: the user has configured them.
 * Where a setting refuses them, too, this is said before any call.
 */
async function withEndpointsAllowed(
  set: readonly string[],
  { config, origins }: FileLocation['loaded'],
  registry: ProviderRegistry,
  models: readonly string[],
): Promise<readonly string[]> {
  const allowed = config.http.allowedPrivateTargets ?? [];
  const isDefault = origins[DENY_PRIVATE] === 'default';
  if (!isDefault && config.http.denyPrivateTargets !== true) return set;
  const endpoints = await privateEndpoints(registry, models);
  if (!isDefault) {
    requireAllowed(allowed, endpoints);
    return set;
  }
  const targets = withEndpoints(allowed, endpoints);
  const others = set.filter((pair) => !pair.startsWith(`${ALLOW_PRIVATE}=`));
  return [
    ...others,
    `${DENY_PRIVATE}=true`,
    ...(targets.length === 0 ? [] : [`${ALLOW_PRIVATE}=${targets.join(',')}`]),
  ];
}

/** For a run at a server: the services have the registry and the keys. */
function atServer(input: ModuleWork['input']): Prepared {
  return { work: { file: fileURLToPath(MODULE_FILE), input }, options: {} };
}

/** A database that does not exist yet has no accounts. */
function accountsIn(path: string) {
  return async (account: string, platform: string) => {
    try {
      const reader = openReader(path);
      try {
        return await reader.store.getAccount(account, platform);
      } finally {
        reader.close();
      }
    } catch (thrown) {
      if (thrown instanceof CatenaError && thrown.code === 'cli.no_database') return undefined;
      throw thrown;
    }
  };
}

function requireKept({ path }: FileLocation): void {
  if (path !== ':memory:') return;
  throw new CatenaError(
    'cli.not_kept',
    'a diagnosis needs a database file: its report is read from it, and :memory: keeps nothing',
    {
      remedy: 'name a file with --db, or omit --db',
    },
  );
}

type DiagnosisView = RunView & { readonly runId: () => string };

function viewOf(context: CliContext, options: DiagnoseOptions, input: ModuleWork['input']): DiagnosisView {
  const { io, env } = context;
  const planned = Map.groupBy(planCalls(diagnosisInput.parse(input)), ({ model }) => model);
  const board = new ModelBoard(new Map([...planned].map(([model, calls]) => [model, calls.length])));
  const counts = () => board.counts();
  const shown = (): Reporter => {
    if (options.json === true) return boardEvents(io.stdout, counts);
    if (io.stderr.isTTY === true) return boardReporter(io.stderr, paintFor(io.stderr, env), counts);
    return boardLog(io.stderr, counts);
  };
  const reporter = shown();
  const preliminary = new PreliminaryReport(context, options, reporter);
  let runId = '';
  return {
    look: async (run) => {
      await board.look(run);
      await preliminary.look(run);
    },
    runId: () => runId,
    reporter: {
      ...reporter,
      event: (name, fields) => {
        if (typeof fields.run_id === 'string') runId = fields.run_id;
        reporter.event(name, fields);
      },
    },
  };
}

/** Writes the files and prints a summary. A run without a single answer counts as failed, even if all nodes were executed. */
async function report(
  context: CliContext,
  options: DiagnoseOptions & { readonly assertions: readonly Assertion[] },
  location: RunLocation,
  view: DiagnosisView,
  runCode: ExitCodeValue,
): Promise<ExitCodeValue> {
  const show = commandFor(context, location, 'show', view.runId());
  return withRuns(context, options, async (runs) => {
    const record = await runs.findRun(view.runId());
    const run = await readIfReported(runs, record);
    if (run === undefined) return tellFailure(context, options, await readFailedNodes(runs, record), runCode, show);
    const files = await writeReport(options.output, run, await historyOf(runs, run));
    const endCode = runCode === ExitCode.DONE && !run.report.success ? ExitCode.ENDED_EARLY : runCode;
    const judgements = options.assertions.map((assertion) => judged(assertion, run.report));
    const isMet = judgements.every(({ verdict }) => verdict === 'holds');
    const exitCode = endCode === ExitCode.DONE && !isMet ? ExitCode.FOUND : endCode;
    view.reporter.event('report', reportEvent(run, files));
    for (const { text, verdict, found } of judgements) {
      view.reporter.event('assertion', { assertion: text, verdict, found });
    }
    if (options.json === true) return exitCode;
    const ended =
      endCode === ExitCode.DONE ? [] : [`the run ended early or with failures (exit code ${endCode}): ${show}`];
    const told = judgements.map(({ text, verdict, found }) => `${verdict}: ${text} (${found})`);
    const prompts = [...new Set(run.calls.map(({ prompt }) => `prompt: ${printedPrompt(prompt)}`))];
    const lines = [...told, ...prompts, `run: ${run.runId}`, ...files.map((path) => `report: ${path}`), ...ended];
    context.io.stdout.write(`${summaryOf(run.report)}\n${lines.join('\n')}\n`);
    return exitCode;
  });
}

/** A name that is an ordinary word is found where nobody means the brand: the figures would say so to nobody. */
function warnOfOrdinaryNames({ io }: CliContext, brands: readonly Brand[], isJson: boolean): void {
  const names = brands.flatMap(ordinaryNames);
  if (names.length === 0 || isJson) return;
  io.stderr.write(
    `${names.join(', ')}: ordinary words, so places that do not mean the brand may count; give negativeContexts, or caseSensitive, in --input-file\n`,
  );
}

const SHOWN_FAILURES = 5;

/** The message for a run that ended before its report: cancelled, rejected, or failed at its start. */
function tellFailure(
  { io }: CliContext,
  { json }: DiagnoseOptions,
  failed: readonly FailedNode[],
  runCode: ExitCodeValue,
  show: string,
): ExitCodeValue {
  const groups = groupFailures(failed).slice(0, SHOWN_FAILURES);
  const reasons = groups.map(({ step, code, message }) => `  ${step}  ${code}: ${oneLine(message, 300)}`);
  if (json !== true)
    io.stderr.write(`${['there is no report: the run ended before it', ...reasons, `  ${show}`].join('\n')}\n`);
  return runCode === ExitCode.DONE ? ExitCode.ENDED_EARLY : runCode;
}
