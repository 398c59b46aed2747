/**
 * Two coordinators as one: each call goes to both, and everything that is promised must be equal, the outcome at once and
 * the state of the run after it. What it answers is the left side's, so that whoever drives it cannot tell.
 */
import type { CommitOutcome } from '../../../libs/coordination/protocol/commits.ts';
import type { ChainNode } from '../../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import type { RunSnapshot } from '../../../libs/coordination/protocol/reads.ts';
import type { PurgeCommand, PurgeOutcome } from '../../../libs/coordination/protocol/runs.ts';
import type { DueEntry, DueTakeOutcome } from '../../../libs/coordination/protocol/sweep.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { allNodes } from '../coordinator/watch/reading.ts';
import { differences, refuseDifferences } from './difference.ts';
import { DueLooks } from './due-looks.ts';
import { normalNode, normalOutcome } from './normal-form.ts';
import { OneToOne } from './one-to-one.ts';
import { normalState, type RunState, readState } from './state.ts';

/** One of the two, and the shard in which it holds the run. */
export interface Side {
  readonly coordinator: Coordinator;
  readonly shard: number;
}

export interface TwinOptions {
  readonly runId: string;
  readonly left: Side;
  readonly right: Side;
  /** The clock of both. */
  readonly now: () => number;
  /** How long a side may be silent about a due scope that it has named before. */
  readonly patienceMs: number;
}

/** A call that was made: to be sent again by whoever likes. */
export interface PastCall {
  readonly name: keyof Coordinator;
  readonly command: unknown;
}

type Answer = { readonly outcome: unknown } | { readonly refusal: string; readonly error: CatenaError };

/** Of a command in a message: enough to name its node. */
const MAX_COMMAND_CHARS = 400;
const READS: ReadonlySet<string> = new Set(['findRun', 'findNode', 'listNodes', 'listDue', 'listEvents']);
const CARRIES_CHILDREN: ReadonlySet<string> = new Set(['commitSuccess', 'stageChildren']);
/** Beyond what stands due: a limit that is reached takes any of the nodes that are due at the same time. */
const ROOM = 50;

export class Twin {
  readonly coordinator: Coordinator;
  readonly past: PastCall[] = [];
  /** Ids of the events of the run so far, in order. */
  readonly eventIds: string[] = [];
  readonly #options: TwinOptions;
  readonly #tokens = new OneToOne();
  readonly #looks: DueLooks;
  #leftSeq = 0;
  #rightSeq = 0;
  #purging = false;

  constructor(options: TwinOptions) {
    this.#options = options;
    this.#looks = new DueLooks(options.patienceMs);
    this.coordinator = new Proxy(options.left.coordinator, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof name !== 'string' || typeof method !== 'function') return method;
        // The state has been compared after the last transition: a read of one side is a read of both.
        if (READS.has(name)) return (argument: unknown) => Reflect.apply(method, target, [argument]);
        // The names of the port's methods belong to it; a proxy cannot show it.
        return (command: unknown) => this.#call(name as keyof Coordinator, command);
      },
    });
  }

  /** Reads in another way than the state is read after each transition, on both sides. */
  async compareRead<T>(what: string, read: (coordinator: Coordinator) => Promise<T>): Promise<T> {
    const [left, right] = await Promise.all([
      read(this.#options.left.coordinator),
      read(this.#options.right.coordinator),
    ]);
    refuseDifferences(what, differences(left, right));
    return left;
  }

  async #call(name: keyof Coordinator, command: unknown): Promise<unknown> {
    this.past.push({ name, command });
    const where = `${name} ${JSON.stringify(command)?.slice(0, MAX_COMMAND_CHARS)}`;
    if (name === 'dueTake') return await this.#dueTake(where, command as { readonly limit: number });
    if (name === 'runPurge') return await this.#purge(where, command as PurgeCommand);
    const { left, right } = this.#options;
    const [ofLeft, ofRight] = await Promise.all([
      answerOf(left.coordinator, name, command),
      answerOf(right.coordinator, name, this.#toRight(command)),
    ]);
    const found = differences(this.#normal(ofLeft), this.#normal(ofRight, ofLeft));
    // A call that is wrong in two ways may be refused for either; the state shows that it was.
    const isTwiceWrong =
      CARRIES_CHILDREN.has(name) &&
      (refusesWhatOtherRejects(ofLeft, ofRight) || refusesWhatOtherRejects(ofRight, ofLeft));
    if (!isTwiceWrong) refuseDifferences(`the answer to ${where}`, found);
    await this.#compareState(where);
    if ('error' in ofLeft) throw ofLeft.error;
    return ofLeft.outcome;
  }

  async #dueTake(where: string, command: { readonly limit: number }): Promise<DueTakeOutcome> {
    const { left, right, now, runId } = this.#options;
    const nodes = await allNodes(left.coordinator, { runId });
    const open = nodes.filter((node) => node.dueAtMs > 0).length;
    const limit = Math.max(command.limit, open + ROOM);
    const [ofLeft, ofRight] = await Promise.all([
      left.coordinator.dueTake({ shard: left.shard, limit }),
      right.coordinator.dueTake({ shard: right.shard, limit }),
    ]);
    const run = await left.coordinator.findRun(runId);
    const { found, entries } = this.#looks.compare(ofLeft, ofRight, now(), (entry) => isOfCap(entry, run));
    refuseDifferences(`what ${where} takes`, found);
    await this.#compareState(where);
    return { entries, more: false };
  }

  /** Which nodes go first is nobody's promise, so the state is compared again when the run is gone. */
  async #purge(where: string, command: PurgeCommand): Promise<PurgeOutcome> {
    const { left, right } = this.#options;
    const [ofLeft, ofRight] = await Promise.all([
      left.coordinator.runPurge(command),
      right.coordinator.runPurge(command),
    ]);
    refuseDifferences(`the answer to ${where}`, differences(ofLeft, ofRight));
    this.#purging = ofLeft.more;
    if (ofLeft.deleted > 0 && !ofLeft.more) this.#leftSeq = this.#rightSeq = 0;
    await this.#compareState(where);
    return ofLeft;
  }

  async #compareState(where: string): Promise<void> {
    const { left, right, runId, now } = this.#options;
    const [ofLeft, ofRight] = await Promise.all([
      readState(left.coordinator, runId, this.#leftSeq),
      readState(right.coordinator, runId, this.#rightSeq),
    ]);
    if (this.#purging) {
      refuseDifferences(`the run after ${where}`, differences(ofLeft.run, ofRight.run));
      return;
    }
    this.#pairTokens(ofLeft, ofRight);
    const found = differences(
      normalState(ofLeft, now(), (node) => node),
      normalState(ofRight, now(), (node) => this.#toLeft(node)),
    );
    refuseDifferences(`the state after ${where}`, found);
    this.eventIds.push(...ofLeft.events.map(({ id }) => id));
    this.#leftSeq = ofLeft.events.at(-1)?.seq ?? this.#leftSeq;
    this.#rightSeq = ofRight.events.at(-1)?.seq ?? this.#rightSeq;
  }

  #pairTokens({ nodes }: RunState, right: RunState): void {
    const others = new Map(right.nodes.map((node) => [node.id, node]));
    for (const node of nodes) {
      const other = others.get(node.id);
      if (other === undefined) continue;
      this.#tokens.pair(node.token, other.token);
      this.#tokens.pair(node.committedToken, other.committedToken);
    }
  }

  /** Comparable, in the left side's words; `other` pairs the tokens that both have just given. */
  #normal(answer: Answer, other?: Answer): unknown {
    if ('refusal' in answer) return answer.refusal;
    const outcome = normalOutcome(answer.outcome);
    const node = nodeOf(answer.outcome);
    if (node === undefined) return outcome;
    const twin = other !== undefined && 'outcome' in other ? nodeOf(other.outcome) : undefined;
    if (twin !== undefined) this.#tokens.pair(twin.token, node.token);
    const [key] = Object.entries(answer.outcome as object).find(([, value]) => value === node)!;
    const inLeftWords = other === undefined ? node : this.#toLeft(node);
    return { ...(outcome as object), [key]: normalNode(inLeftWords, this.#options.now(), false) };
  }

  #toLeft(node: ChainNode): ChainNode {
    const { token, committedToken } = node;
    return { ...node, token: this.#tokens.toLeft(token), committedToken: this.#tokens.toLeft(committedToken) };
  }

  #toRight(command: unknown): unknown {
    if (typeof command !== 'object' || command === null || !('token' in command)) return command;
    return { ...command, token: this.#tokens.toRight(String(command.token)) };
  }
}

async function answerOf(coordinator: Coordinator, name: keyof Coordinator, command: unknown): Promise<Answer> {
  try {
    return { outcome: await Reflect.apply(coordinator[name], coordinator, [command]) };
  } catch (error) {
    if (error instanceof CatenaError) return { refusal: `refused: ${error.code}`, error };
    throw error;
  }
}

/** Whether the entry looks for what a cap leaves out of a phase that nothing has ended. */
function isOfCap(entry: DueEntry, run: RunSnapshot | undefined): boolean {
  if (entry.kind !== 'drain' || run?.state !== 'open' || run.mark !== '' || run.capUse === undefined) return false;
  const module = run.modules.find(({ moduleId }) => moduleId === entry.moduleId);
  return run.capUse.reached.length > 0 && module?.state === 'open' && module.phases[entry.phase]?.closed === '';
}

/** One side names the children that no parent may have, the other that the caller has no right to go on. */
function refusesWhatOtherRejects(one: Answer, other: Answer): boolean {
  if (!('refusal' in one) || 'refusal' in other) return false;
  const { outcome } = other;
  return (typeof outcome === 'number' ? outcome : (outcome as CommitOutcome).code) !== 0;
}

/** The claimed node in an outcome: of a claim, or handed over by a commit. */
function nodeOf(outcome: unknown): ChainNode | undefined {
  if (typeof outcome !== 'object' || outcome === null) return undefined;
  const { node, next } = outcome as { readonly node?: ChainNode; readonly next?: ChainNode };
  return node ?? next;
}
