import { hash } from 'node:crypto';
import type { Bus } from '../../bus/port.ts';
import type { Clock } from '../../clock/clock.ts';
import { CAPS, type Caps, capProblem, hasCaps } from '../../contracts/caps.ts';
import type { Message } from '../../contracts/chain.ts';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../../contracts/priority.ts';
import { identifierProblem } from '../../contracts/request-check.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { canonicalJson } from '../../keys/canonical-json.ts';
import { fromMicros, isAmount, MICROS } from '../../limits/budgets.ts';
import type { NewRun, RunRecord, Store } from '../../store/port.ts';
import { audit } from '../../telemetry/audit.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Admission } from './admission.ts';
import { taskTerminated } from './tasks.ts';

/** A task as a user submits it. */
export interface TaskSubmission {
  /** Module ids, `name@version`. */
  readonly modules: readonly string[];
  readonly input: unknown;
  readonly account: string;
  readonly platform: string;
  /** The name of the task that the run belongs to, the account's own; without it the run is a task of its own. */
  readonly task?: string;
  readonly deadlineMs?: number;
  /** The most that the run may cost, in the currency of its modules, above 0; without it there is no cap. */
  readonly costCap?: number;
  /** The most that the run may do; without one there is no cap. */
  readonly caps?: Caps;
  readonly priority?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** The user for whom the account submits it, if an account serves many users; runs can be listed by it. */
  readonly user?: string;
  /** Submitting again with the same key returns the first run. */
  readonly idempotencyKey?: string;
}

export interface SubmitDeps {
  readonly store: Pick<Store, 'acceptRun' | 'findRun' | 'findTask'>;
  readonly clock: Clock;
  readonly nextRunId: () => string;
  /** The digest of the source files of a module, noted with the run; empty when it is not known here. Default: never known. */
  readonly codeOf?: (moduleId: string) => string;
}

/** Identifies equal submissions: a hash of modules, input, account, platform and, if it has one, the name of the task. */
export function fingerprintOf({ modules, input, account, platform, task }: TaskSubmission): string {
  const named = task === undefined ? {} : { task };
  return hash('sha256', canonicalJson({ modules: [...modules], input, account, platform, ...named }), 'base64url');
}

/**
 * Accepts a task: when this resolves, its run is in the store and will be executed, whatever happens next. Throws
 * `submit.key_reused` when the idempotency key belongs to another task, `submit.task_terminated`, `submit.wrong_cost_cap`, `submit.wrong_cap`,
 * `submit.wrong_priority` and `submit.wrong_identifier`.
 */
export async function acceptTask(deps: SubmitDeps, task: TaskSubmission): Promise<NewRun> {
  requireIdentifiers(task);
  requirePriority(task);
  const acceptedAtMs = deps.clock.now();
  const runId = deps.nextRunId();
  const run: NewRun = {
    runId,
    taskId: task.task ?? runId,
    account: task.account,
    platform: task.platform,
    modules: task.modules,
    input: task.input,
    fingerprint: fingerprintOf(task),
    metadata: task.metadata ?? {},
    priority: task.priority ?? 0,
    deadlineAtMs: task.deadlineMs === undefined ? undefined : acceptedAtMs + task.deadlineMs,
    acceptedAtMs,
    ...codeFields(deps, task),
    ...(task.costCap === undefined ? {} : { costCap: requireCap(task.costCap) }),
    ...(hasCaps(task.caps) ? { caps: requireCaps(task.caps) } : {}),
    ...(task.idempotencyKey === undefined ? {} : { idempotencyKey: task.idempotencyKey }),
    ...(task.user === undefined ? {} : { user: task.user }),
  };
  const acceptedId = await deps.store.acceptRun(run);
  if (acceptedId === undefined) throw await refusal(deps, run);
  return acceptedId === runId ? run : earlierRun(deps, run, acceptedId);
}

function codeFields({ codeOf }: SubmitDeps, { modules }: TaskSubmission): Pick<NewRun, 'code'> {
  const known = modules.map((id) => [id, codeOf?.(id) ?? ''] as const).filter(([, code]) => code !== '');
  return known.length === 0 ? {} : { code: Object.fromEntries(known) };
}

/** The store has refused a run of a marked task, which may have been lifted since. */
async function refusal({ store }: SubmitDeps, { account, taskId: name }: NewRun): Promise<CatenaError> {
  return taskTerminated((await store.findTask({ account, name }, 0))!);
}

function requireIdentifiers({ account, platform, task, user = '', idempotencyKey = '' }: TaskSubmission): void {
  if (task === '') throw wrongIdentifier('task', 'is empty');
  for (const [name, text] of Object.entries({ account, platform, task: task ?? '', user, idempotencyKey })) {
    const problem = identifierProblem(text);
    if (problem !== undefined) throw wrongIdentifier(name, problem);
  }
}

function wrongIdentifier(name: string, problem: string): CatenaError {
  const what = name === 'task' ? 'name of a task' : `${name} of a task`;
  return new CatenaError('submit.wrong_identifier', `the ${what} ${problem}`, {
    remedy: 'give a name of visible characters, without white space around it',
    data: { name },
  });
}

function requirePriority({ priority = 0 }: TaskSubmission): void {
  if (Number.isInteger(priority) && priority >= LOWEST_PRIORITY && priority <= HIGHEST_PRIORITY) return;
  throw new CatenaError('submit.wrong_priority', `the priority of a task is ${String(priority)}`, {
    remedy: `give a whole number from ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}: negative is low, 0 is normal, positive is high`,
    data: { priority },
  });
}

function requireCaps(caps: Caps): Caps {
  for (const cap of CAPS) {
    const problem = caps[cap] === undefined ? undefined : capProblem(cap, caps[cap]);
    if (problem === undefined) continue;
    throw new CatenaError('submit.wrong_cap', `the cap on ${cap} of a task ${problem}`, {
      remedy: 'give such a number, or leave it out for no cap',
      data: { cap, value: caps[cap] },
    });
  }
  return caps;
}

/** Converts a cap to millionths, rounded down. */
function requireCap(costCap: number): number {
  const micros = isAmount(costCap) ? Math.floor(costCap * MICROS + 1e-6) : 0;
  if (micros > 0) return micros;
  throw new CatenaError('submit.wrong_cost_cap', `the cost cap of a task is ${String(costCap)}`, {
    remedy: 'give a number above 0, in the currency of its modules, or leave it out for no cap',
    data: { costCap },
  });
}

/** Returns the run of an earlier submission with the same key. */
async function earlierRun({ store }: SubmitDeps, run: NewRun, earlierId: string): Promise<NewRun> {
  const earlier = await store.findRun(earlierId);
  if (earlier?.fingerprint === run.fingerprint) return earlier;
  throw new CatenaError('submit.key_reused', `the idempotency key "${run.idempotencyKey}" belongs to another task`, {
    remedy: 'use a new key for each task; repeat a key only to submit the same task again',
    data: { runId: earlierId },
  });
}

/** The message that asks for an accepted run to be opened. */
export function taskMessage(run: Omit<RunRecord, 'state' | 'end'>): Message<'task'> {
  return {
    kind: 'task',
    model: {
      taskId: run.taskId,
      runId: run.runId,
      account: run.account,
      platform: run.platform,
      modules: [...run.modules],
      input: Buffer.from(JSON.stringify(run.input)),
      priority: run.priority,
      deadlineMs: run.deadlineAtMs ?? 0,
      costCap: fromMicros(run.costCap ?? 0),
      caps: run.caps,
      metadata: { ...run.metadata },
      createdAtMs: run.acceptedAtMs,
    },
  };
}

export interface SubmitterDeps extends SubmitDeps {
  /** Says whether runs are accepted now. */
  readonly admission: Pick<Admission, 'require'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Log;
}

/** Accepts tasks, if runs are accepted now ({@link Admission.require}), and sends the messages that open them. */
export function submitter(deps: SubmitterDeps): (task: TaskSubmission) => Promise<NewRun> {
  return async (task) => {
    await deps.admission.require();
    const run = await acceptTask(deps, task);
    const { runId, taskId, account, platform, modules, user } = run;
    audit(deps.log, 'submit', {
      ...{ run_id: runId, task_id: taskId, account, platform, modules, decision: 'accept' },
      ...(user === undefined ? {} : { user }),
    });
    // The run is in the store: without this message, housekeeping opens it a little later.
    await deps.bus.publish(taskMessage(run)).catch((error: unknown) => {
      deps.log.warn('the message of an accepted run could not be sent; housekeeping sends it again', {
        run_id: run.runId,
        error,
      });
    });
    return run;
  };
}
