/** Holds what the runs left against what their worlds hold: from outside, by the store, the ledger and the audit. */
import { EVENTS } from '../../libs/contracts/events.ts';
import { FinishReason } from '../../libs/contracts/services.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import type { RedisAddress } from '../../libs/coordination/redis/connection/address.ts';
import { openRedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { DISTRIBUTED_SHARDS } from '../../libs/keys/keys.ts';
import type { DeadLetter, Store } from '../../libs/store/port.ts';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import type { Load, LoadedRun } from './load.ts';
import type { Entry } from './site.ts';
import { deathsOf, type Item, itemsOf, nodesOf, pageOf, pagesOf } from './world.ts';

export interface Verdict {
  /** Items that should be there and are not. */
  lost: number;
  /** Items that are there more often than they should be. */
  duplicate: number;
  /** Items that should not be there at all, and pages that were asked for and do not exist. */
  phantom: number;
  /** Runs that did not close. */
  stuck: number;
  /** What the audit found that disagrees with the nodes. */
  drift: number;
  /** Runs whose second phase did not begin exactly once. */
  wrongJoins: number;
  /** Runs that ended otherwise than undisturbed ones: by reason, dead nodes or number of nodes. */
  wrongEnds: number;
  /** Runs whose dead nodes are not those on which the parser fails, each by its own name. */
  wrongDeaths: number;
  /** The first of each, in words. */
  readonly details: string[];
}

export interface JudgeDeps {
  readonly load: Pick<Load, 'runs' | 'ingress'>;
  readonly coordinator: Pick<Coordinator, 'runAudit'>;
  readonly store: Pick<Store, 'listEvents' | 'listDeadLetters'>;
  readonly ledger: readonly Entry[];
}

export interface Judged extends Pick<JudgeDeps, 'load' | 'ledger'> {
  readonly databaseUrl: string;
  readonly redis: RedisAddress;
}

const PHASES = 2;
const MAX_DETAILS = 50;

/** Judges what a deployment's runs left, over connections of its own. */
export async function judgeRuns({ databaseUrl, redis, load, ledger }: Judged): Promise<Verdict> {
  const store = await openPostgresStore({ url: databaseUrl, connections: 2, timeoutMs: 10_000 });
  try {
    const shards = DISTRIBUTED_SHARDS;
    const coordinator = await openRedisCoordinator({ redis, shards, policy: defaultPolicy, incarnation: 1 });
    try {
      return await judge({ load, ledger, store, coordinator });
    } finally {
      await coordinator.close();
    }
  } finally {
    await store.close();
  }
}

export async function judge(deps: JudgeDeps): Promise<Verdict> {
  const verdict: Verdict = {
    ...{ lost: 0, duplicate: 0, phantom: 0, stuck: 0, drift: 0, wrongJoins: 0, wrongEnds: 0, wrongDeaths: 0 },
    details: [],
  };
  for (const run of deps.load.runs) await judgeRun(deps, run, verdict);
  judgeLedger(deps, verdict);
  verdict.details.splice(MAX_DETAILS);
  return verdict;
}

async function judgeRun({ load, coordinator, store }: JudgeDeps, run: LoadedRun, verdict: Verdict): Promise<void> {
  const { runId, nth, world, closed } = run;
  const say = (text: string) => verdict.details.push(`run ${nth} (${runId}): ${text}`);
  if (closed === undefined) {
    verdict.stuck += 1;
    const { reasons } = await load.ingress.explainRun({ runId });
    say(`is not closed: ${reasons.map(({ text }) => text).join('; ')}`);
  } else {
    const { reason, dead = -1, done = -1 } = closed.end ?? {};
    const deaths = deathsOf(world);
    if (reason !== FinishReason.COMPLETED || dead !== deaths.length || done !== nodesOf(world) - deaths.length) {
      verdict.wrongEnds += 1;
      say(`ended with reason ${reason}, ${done} nodes done of ${nodesOf(world)}, ${dead} dead`);
    }
    const letters = await store.listDeadLetters(runId, { limit: 5 });
    const died = letters.map(codeOf);
    const isEach = deaths.every((codes) => died.some((code) => codes.includes(code)));
    if (died.length !== deaths.length || !isEach) {
      verdict.wrongDeaths += 1;
      for (const { kind, reason: death, attempts, crashes, error } of letters) {
        say(`a ${kind} is dead, ${death}, after ${attempts} attempts and ${crashes} crashes: ${error}`);
      }
    }
    const events = await store.listEvents(runId);
    const joins = events.filter(({ type }) => type === EVENTS.PhaseClosed.type).length;
    if (joins !== PHASES) {
      verdict.wrongJoins += 1;
      say(`closed ${joins} phases of ${PHASES}`);
    }
  }
  const counted = compare(itemsOf(world), await readItems(load.ingress, runId));
  verdict.lost += counted.lost.length;
  verdict.duplicate += counted.duplicate.length;
  verdict.phantom += counted.phantom.length;
  for (const [what, items] of Object.entries(counted)) {
    if (items.length > 0) say(`${items.length} items ${what}, such as ${items[0]}`);
  }
  const { drift } = await coordinator.runAudit({ runId });
  verdict.drift += drift.length;
  if (drift.length > 0) say(`drifted: ${drift.join('; ')}`);
}

function codeOf({ error, reason }: DeadLetter): string {
  return error === '' ? reason : (JSON.parse(error) as { readonly code: string }).code;
}

/** Every page of a closed run was served, and nothing was asked for that is no page of any. */
function judgeLedger({ load, ledger }: JudgeDeps, verdict: Verdict): void {
  const served = new Set(ledger.filter(({ answer }) => answer === 'served').map(({ run, path }) => `${run}/${path}`));
  for (const { nth, world, closed } of load.runs) {
    const missing = closed === undefined ? [] : pagesOf(world).filter((path) => !served.has(`${nth}/${path}`));
    verdict.lost += missing.length;
    if (missing.length > 0)
      verdict.details.push(`run ${nth}: ${missing.length} pages were never served, ${missing[0]}`);
  }
  for (const { run, path } of ledger) {
    const world = load.runs.find(({ nth }) => nth === run)?.world;
    if (world !== undefined && pageOf(world, path) !== undefined) continue;
    verdict.phantom += 1;
    verdict.details.push(`run ${run}: ${JSON.stringify(path)} was asked for and is no page of it`);
  }
}

async function readItems(ingress: Load['ingress'], runId: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of ingress.listItems({ runId })) {
    for (const { type, data } of page.items) {
      items.push({ type, data: JSON.parse(Buffer.from(data).toString()) as Item['data'] });
    }
  }
  return items;
}

/** How two multisets differ; each list names an item as often as it is too few or too many. */
export function compare(wanted: readonly Item[], found: readonly Item[]) {
  const left = new Map<string, number>();
  for (const item of wanted) left.set(canonical(item), (left.get(canonical(item)) ?? 0) + 1);
  const known = new Set(left.keys());
  const duplicate: string[] = [];
  const phantom: string[] = [];
  for (const item of found) {
    const text = canonical(item);
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    else (known.has(text) ? duplicate : phantom).push(text);
  }
  const lost = [...left].flatMap(([text, count]) => Array.from({ length: count }, () => text));
  return { lost, duplicate, phantom };
}

function canonical({ type, data }: Item): string {
  return `${type} ${JSON.stringify(Object.entries(data).sort(([one], [other]) => (one < other ? -1 : 1)))}`;
}
