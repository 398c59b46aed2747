/**
 * Closes a run: marks its task if the threshold of the task has ended it, writes its end and its dead letters and deletes items that
 * never committed, idempotently, and only then closes the run in the coordinator. If the process dies in between, the run stays
 * closing and due, and the sweeper closes it.
 */
import type { Clock } from '../../clock/clock.ts';
import { type CapUse, capText } from '../../contracts/caps.ts';
import { type ChainNode, isFailure } from '../../coordination/protocol/node.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { RunSnapshot, TimelineEvent } from '../../coordination/protocol/reads.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { Budgets } from '../../limits/budgets.ts';
import type { DeadLetter, RunEnd, RunRecords, Store, TaskCount } from '../../store/port.ts';
import { RunFailures, thresholdDetail, toDeadLetter } from './run-failures.ts';
import { countsOf, type Tasks } from './tasks.ts';

export interface CloseRunDeps extends EndDeps {
  readonly coordinator: Pick<Coordinator, 'findRun' | 'listNodes' | 'listEvents' | 'runSettle'>;
  readonly store: Pick<Store, 'closeRun' | 'countItems' | 'findRun'>;
  readonly tasks: Pick<Tasks, 'tripped'>;
}

/** What the end of a run is made of, and where it is written. */
export interface EndDeps {
  readonly coordinator: Pick<Coordinator, 'listNodes' | 'listEvents'>;
  readonly store: Pick<Store, 'closeRun' | 'countItems'>;
  readonly budgets: Pick<Budgets, 'read'>;
  readonly clock: Clock;
  /** Errors in a row of a task, in runs without any item, after which its runs that wait are put off; undefined: never. */
  readonly cooldown?: { readonly errors: number; readonly ms: number } | undefined;
}

/** The reason of a mark on a run whose end the store has already, because the coordinator had lost it. */
export const ENDED_BEFORE = 'ended_before';

/** Returns the end that it has written; undefined when there was nothing to write. */
export async function closeRun(deps: CloseRunDeps, runId: string): Promise<RunEnd | undefined> {
  const snapshot = await deps.coordinator.findRun(runId);
  if (snapshot?.state !== 'closing') return undefined;
  assertCounted(snapshot);
  if (snapshot.reason === ENDED_BEFORE) {
    await deps.coordinator.runSettle({ runId });
    return undefined;
  }
  failpoint('settle.before');
  // The process that decided may have died before it marked the task.
  const terminated = snapshot.mark === 'terminated' ? await deps.store.findRun(runId) : undefined;
  if (terminated !== undefined) await deps.tasks.tripped(terminated);
  const end = await writeEnd(deps, snapshot);
  failpoint('settle.after');
  await deps.coordinator.runSettle({ runId });
  return end;
}

/** Writes the end of a run to the store, with its records and what it counts for its task; returns it. */
export async function writeEnd(deps: EndDeps, snapshot: RunSnapshot): Promise<RunEnd> {
  const { coordinator, store, clock } = deps;
  const { runId } = snapshot;
  const items = await store.countItems(runId);
  const end = { ...toRunEnd(snapshot, items, clock.now()), ...(await costOf(deps, runId)) };
  await store.closeRun(runId, end, { ...recordsOf(coordinator, runId, end), count: countFor(deps, snapshot, end) });
  return end;
}

/** The end is made of these counters, and would be wrong for ever (I1). Throws `run.invariant_broken`. */
function assertCounted({ runId, modules }: RunSnapshot): void {
  for (const { moduleId, phases } of modules) {
    for (const [phase, { created, done, dead, leftOut = 0, open }] of phases.entries()) {
      if (open >= 0 && created === done + dead + leftOut + open) continue;
      const found = `${created} created, ${done} done, ${dead} dead, ${leftOut} left out, ${open} open`;
      throw new CatenaError(
        'run.invariant_broken',
        `I1 does not hold in run ${runId}, which is to be closed: ${found}`,
        {
          data: { invariant: 'I1', runId, moduleId, phase },
          remedy: 'report it: the counters of this run do not fit together; it is not closed; all other runs go on',
        },
      );
    }
  }
}

/** The cost of a run, as a part of its end; undefined when the run cost nothing. */
export async function costOf(
  { budgets }: Pick<EndDeps, 'budgets'>,
  runId: string,
): Promise<Pick<RunEnd, 'cost'> | undefined> {
  const cost = await budgets.read(runId);
  return cost.spent + cost.reserved > 0 ? { cost } : undefined;
}

/** What the run counts for its task. */
function countFor({ cooldown }: EndDeps, snapshot: RunSnapshot, { endedAtMs, items }: RunEnd): TaskCount {
  return {
    ...countsOf(snapshot),
    items,
    ...(cooldown === undefined ? {} : { cooldown: { errors: cooldown.errors, untilMs: endedAtMs + cooldown.ms } }),
  };
}

export function toRunEnd(snapshot: RunSnapshot, items: number, endedAtMs: number): RunEnd {
  const phases = snapshot.modules.flatMap((module) => module.phases);
  const terminated = snapshot.modules.find((module) => module.state === 'terminated');
  const finishReason =
    snapshot.mark === 'cancelled'
      ? 'cancelled'
      : snapshot.mark === 'terminated' || terminated !== undefined
        ? 'terminated'
        : phases.some((phase) => phase.closed === 'deadline')
          ? 'deadline'
          : hasReached(snapshot.capUse)
            ? 'capped'
            : 'completed';
  return {
    finishReason,
    detail: snapshot.reason || terminated?.reason || (finishReason === 'capped' ? capText(snapshot.capUse!) : ''),
    endedAtMs,
    done: sum(phases.map((phase) => phase.done)),
    dead: sum(phases.map((phase) => phase.dead)),
    items,
    ...(snapshot.capUse === undefined ? {} : { capUse: snapshot.capUse }),
  };
}

function hasReached(capUse: CapUse | undefined): boolean {
  return capUse !== undefined && capUse.reached.length > 0;
}

const PAGE_NODES = 500;

/** What a run leaves beside its items, and what its dead letters add to its end. */
function recordsOf(
  coordinator: Pick<Coordinator, 'listNodes' | 'listEvents'>,
  runId: string,
  { detail }: RunEnd,
): RunRecords {
  const failures = new RunFailures();
  return {
    deadLetters: deadLetters(coordinator, runId, failures),
    events: timeline(coordinator, runId),
    summary: () => {
      const kinds = failures.list();
      return { detail: thresholdDetail(detail, kinds), ...(kinds.length === 0 ? {} : { failures: kinds }) };
    },
  };
}

/** The dead letters of a run, which are summed up on their way. */
async function* deadLetters(
  coordinator: Pick<Coordinator, 'listNodes'>,
  runId: string,
  failures: RunFailures,
): AsyncGenerator<DeadLetter> {
  for await (const node of deadNodes(coordinator, runId)) {
    if (!isFailure(node.deathReason)) continue;
    const letter = toDeadLetter(node);
    failures.add(letter);
    yield letter;
  }
}

const PAGE_EVENTS = 500;

/** Reads the events of a run in their order. */
export async function* timeline(
  coordinator: Pick<Coordinator, 'listEvents'>,
  runId: string,
): AsyncGenerator<TimelineEvent> {
  let afterSeq = 0;
  for (;;) {
    const page = await coordinator.listEvents({ runId, afterSeq, limit: PAGE_EVENTS });
    yield* page;
    if (page.length < PAGE_EVENTS) return;
    afterSeq = page.at(-1)!.seq;
  }
}

/** Whether a run has dead nodes: it counts them, and finding them takes longer the more nodes it has. */
export async function hasDead(coordinator: Pick<Coordinator, 'findRun'>, runId: string): Promise<boolean> {
  const modules = (await coordinator.findRun(runId))?.modules ?? [];
  return modules.some(({ phases }) => phases.some(({ dead }) => dead > 0));
}

/** Reads the dead nodes of a run in the order of their creation. */
export async function* deadNodes(
  coordinator: Pick<Coordinator, 'listNodes'>,
  runId: string,
): AsyncGenerator<ChainNode> {
  let after: string | undefined;
  for (;;) {
    const page = await coordinator.listNodes({
      runId,
      state: 'dead',
      limit: PAGE_NODES,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    if (page.length < PAGE_NODES) return;
    after = page.at(-1)!.id;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
