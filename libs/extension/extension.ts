/**
 * The interface for extensions, which add to Catena besides modules. Brand diagnosis is one, and uses nothing else of the engine.
 *
 * An extension is trusted: its routes and commands run in the main thread, with all rights of the process. Its modules are
 * ordinary module files and may run in other threads; they receive only the settings that it grants them.
 */
import type { Command } from 'commander';
import type { CliContext, Done } from '../cli/context.ts';
import type { Clock } from '../clock/clock.ts';
import type { Settings, ValuesOf } from '../config/setting.ts';
import { SETTINGS } from '../config/settings.ts';
import type { Coordinator } from '../coordination/protocol/port.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { ModuleCatalogue } from '../stage/run/describe-module.ts';
import type { TaskSubmission } from '../stage/run/submit.ts';
import type { NewRun, RunRecord, Store } from '../store/port.ts';
import type { Alert } from '../telemetry/alerts/alert.ts';
import type { Log } from '../telemetry/log.ts';
import type { HttpRoutes } from '../transport/http/http-app.ts';

/** The parts of an extension; all but the name are optional. Created by {@link defineExtension}. */
export interface Extension<S extends Settings = Settings> {
  /** Lower case, one word: the group of its settings (`greeting.word`) and the family of its errors (`greeting.no_name`). */
  readonly name: string;
  /**
   * Its settings by their dotted names, created with `integer`, `choice`, `optionalPath` and similar functions. They are read, checked and shown
   * like all others: from the file, from `CATENA_GREETING_WORD`, by `--set`, in `catena config`.
   */
  readonly settings?: S;
  /**
   * The files of its modules, as URLs (`new URL('./module.ts', import.meta.url)`), and which of its settings these may read; a
   * setting that may be a secret cannot be granted. The files are loaded only where they are named, like those of any module: by
   * `catena run FILE`, or in `modules.files`. A file that exports {@link withSettings} receives the values.
   */
  readonly modules?: { readonly files: readonly URL[]; readonly settings: readonly (keyof S & string)[] };
  /**
   * Its routes of the HTTP API, created when the API opens. Each names a role and its schemas; what it throws is answered as an error.
   * Use fastify's hooks `onListen` and `onClose` for work that starts and stops with the server. If it rejects, the process does not
   * start.
   */
  routes?(ports: RoutePorts<S>): readonly HttpRoutes[] | Promise<readonly HttpRoutes[]>;
  /**
   * Adds its commands to the command line. It is called at every start, so load heavy imports inside the action.
   * Call `done` with the exit code; what an action throws is printed, and an error of the extension's own family ends with code 2.
   */
  commands?(program: Command, context: CliContext, done: Done): void;
  /**
   * Tells whether an ended run failed, when its end alone does not show that; undefined for runs of others. A failed run raises an
   * alert. It is called once per run, and not for cancelled runs.
   */
  describeEnd?(run: RunRecord, items: Pick<Store, 'readItems'>): Promise<RunVerdict | undefined>;
}

/** The result of a run. */
export interface RunVerdict {
  /** Why it failed, for people; undefined if it did not. */
  readonly failure: string | undefined;
}

/** The ports for routes; the same in one process and on services. */
export interface RoutePorts<S extends Settings = Settings> {
  /** The values of the extension's own settings. */
  readonly settings: ValuesOf<S>;
  readonly store: Pick<Store, 'findRun' | 'listRuns' | 'readItems'>;
  readonly coordinator: Pick<Coordinator, 'findRun'>;
  /** The modules that this process has loaded. */
  readonly modules: Pick<ModuleCatalogue, 'resolve'>;
  /** Resolves when the task's run is in the store. Throws `submit.key_reused` and `submit.task_terminated`. */
  readonly submit: (task: TaskSubmission) => Promise<NewRun>;
  /** The account for which the API submits runs: `api.account`. */
  readonly account: string;
  /** The platform for which the API submits runs: `api.platform`. */
  readonly platform: string;
  /** The most submissions per client and minute; 0 is unlimited. */
  readonly submissionsPerMinute: number;
  /** Raises or resolves an alert if `alerts.webhook` is set; never fails, never waits. */
  readonly raiseAlert: (alert: Alert) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Counts a status answer that was checked, by how consistent it was: a few words, `CONSISTENT` for one that was. */
  readonly statusAnswerChecked: (level: string) => void;
}

const EXTENSION = Symbol.for('catena.extension');
const NAME = /^[a-z][a-z\d]*$/;
const SETTING = /^[a-z][a-z\d]*\.[a-z][a-z\d_]*$/;

/**
 * Defines an extension; export the result from its file. Throws `extension.bad_definition` with all problems.
 *
 * ```ts
 * import { choice, defineExtension } from 'catena/extension';
 *
 * export default defineExtension({
 *   name: 'greeting',
 *   settings: { 'greeting.word': choice('How people are greeted.', 'hello', ['hello', 'ciao']) },
 *   commands(program, { io }, done) {
 *     program.command('greet').action(() => {
 *       io.stdout.write('hello\n');
 *       done(0);
 *     });
 *   },
 * });
 * ```
 */
// biome-ignore lint/complexity/noBannedTypes: without settings, so that a module may be granted none.
export function defineExtension<const S extends Settings = {}>(extension: Extension<S>): Extension {
  const general = extension as unknown as Extension;
  const problems = problemsOf(general);
  if (problems.length > 0) {
    throw new CatenaError(
      'extension.bad_definition',
      `the extension "${extension.name}" is wrong: ${problems.join('; ')}`,
      {
        data: { extension: extension.name, problems },
        remedy: 'correct the arguments of defineExtension',
      },
    );
  }
  return Object.defineProperty({ ...general }, EXTENSION, { value: true });
}

/** Whether a value is an extension, also one created by another copy of this library. */
export function isExtension(value: unknown): value is Extension {
  return typeof value === 'object' && value !== null && EXTENSION in value;
}

const GROUPS: ReadonlySet<string> = new Set(Object.keys(SETTINGS).map((key) => key.split('.')[0]!));

function problemsOf({ name, settings = {} as Settings, modules }: Extension): string[] {
  const known = Object.keys(settings);
  return [
    ...(NAME.test(name) ? [] : ['its name is not one lower-case word']),
    ...(GROUPS.has(name) ? [`Catena itself has settings under ${name}`] : []),
    ...known
      .filter((key) => !SETTING.test(key) || !key.startsWith(`${name}.`))
      .map((key) => `the setting ${key} is not named ${name}.…`),
    ...(modules?.settings ?? []).flatMap((key) => {
      if (!known.includes(key)) return [`its modules may not read ${key}, which is not one of its settings`];
      return settings[key]?.redacted === undefined ? [] : [`its modules may not read ${key}, which may hold a secret`];
    }),
    ...(modules?.files ?? [])
      .filter((file) => !(file instanceof URL) || file.protocol !== 'file:')
      .map((file) => `the module ${String(file)} is not a file URL`),
  ];
}
