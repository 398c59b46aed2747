/** One hop makes 20,000 others, through a bus that doubles and shuffles everything: 20,000 done, one join. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ClaimCode } from '../../../libs/coordination/protocol/claims.ts';
import { CommitCode, MAX_CHILDREN, PumpCode } from '../../../libs/coordination/protocol/commits.ts';
import type { ChainNode, NodeSeed } from '../../../libs/coordination/protocol/node.ts';
import type { WakeUp } from '../../../libs/coordination/protocol/outcome.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import type { OpenCoordinator } from './scene/harness.ts';
import { LEASE_MS } from './scene/scene.ts';
import { sweepAll } from './scene/sweeping.ts';
import { checkInvariants } from './watch/invariants.ts';
import { refOf } from './watch/reading.ts';

const CHILDREN = 20_000;
/** Callers at once. */
const WIDTH = 128;
const TIMEOUT_MS = 60_000;

interface Counts {
  executed: number;
  refused: number;
  committed: number;
  repeated: number;
  /** WakeUps that a commit answered: the join's. */
  joins: number;
}

export function describeFanOut(name: string, open: OpenCoordinator): void {
  describe(`${name} coordinator`, () => {
    it(
      `${CHILDREN} children under redelivery, duplicates and reordering: ${CHILDREN} done, one join`,
      async () => {
        // A window that holds all of them: this is about messages.
        const harness = await open({ hopWindow: 2 * CHILDREN, requestWindow: 1 });
        onTestFinished(() => harness.close());
        const { coordinator } = harness;
        const runId = `run-${randomUUID()}`;
        const root = seed(runId, 'root', 0);
        const join = seed(runId, 'join', 1);
        const settle = { kind: 'settle' } as const;
        const phases = [{ join: settle }, { join: settle, opener: join }];
        await coordinator.runOpen({ runId, modules: [{ moduleId: 'm', phases, first: [root] }] });

        const wakeUps = await fanOut(coordinator, runId, root);
        const swept = await sweepAll(coordinator, { shards: harness.shards, crashBudget: 3, settles: false });
        const delivered = shuffle([...wakeUps, ...wakeUps, ...swept.wakeUps]);
        expect(new Set(delivered.map((wakeUp) => wakeUp.node.id)).size).toBe(CHILDREN);

        const counts: Counts = { executed: 0, refused: 0, committed: 0, repeated: 0, joins: 0 };
        await eachOf(delivered, (wakeUp, at) => execute(coordinator, wakeUp, at, counts));
        expect(counts).toMatchObject({ executed: CHILDREN, committed: CHILDREN, repeated: CHILDREN, joins: 1 });
        expect(counts.refused).toBe(delivered.length - CHILDREN);

        const view = await checkInvariants(coordinator, runId);
        const [first, second] = view!.run.modules[0]!.phases;
        expect(first).toMatchObject({ created: CHILDREN + 1, done: CHILDREN + 1, dead: 0, open: 0, closed: 'settled' });
        expect(second).toMatchObject({ created: 1, open: 1 });
        expect(view!.nodes.get(join.id)).toMatchObject({ state: 'pending', epoch: 0 });
        expect((await coordinator.runAudit({ runId })).drift).toEqual([]);
      },
      TIMEOUT_MS,
    );
  });
}

/** Stages the children twice over and in disorder, commits their parent twice, and moves them. */
async function fanOut(coordinator: Coordinator, runId: string, root: NodeSeed): Promise<WakeUp[]> {
  const holder = await claim(coordinator, { id: root.id, runId, moduleId: 'm', phase: 0 }, 'root-owner');
  const held = { node: refOf(holder!), token: holder!.token };
  const children = Array.from({ length: CHILDREN }, (_, index) => seed(runId, `child${index}`, 0));
  const shuffled = shuffle([...children, ...children]);
  const batches = Array.from({ length: shuffled.length / MAX_CHILDREN }, (_, index) =>
    shuffled.slice(index * MAX_CHILDREN, (index + 1) * MAX_CHILDREN),
  );
  await eachOf(shuffle([...batches, ...batches]), (batch) => coordinator.stageChildren({ ...held, children: batch }));

  const commit = { ...held, children: [], staged: CHILDREN, wakeUps: 0 };
  expect((await coordinator.commitSuccess(commit)).code).toBe(CommitCode.COMMIT_OK);
  expect((await coordinator.commitSuccess(commit)).code).toBe(CommitCode.ALREADY_COMMITTED);
  const wakeUps: WakeUp[] = [];
  for (;;) {
    const pumped = await coordinator.childrenPump({ node: held.node, wakeUps: MAX_CHILDREN / 2 });
    expect(pumped.code).toBe(PumpCode.MOVED);
    wakeUps.push(...pumped.wakeUps);
    if (!pumped.more) return wakeUps;
  }
}

/** Claims and commits, and commits again; every seventh worker is not the only one with its wake-up. */
async function execute(coordinator: Coordinator, wakeUp: WakeUp, at: number, counts: Counts): Promise<void> {
  const owner = `owner-${at}`;
  const [holder] = await Promise.all([
    claim(coordinator, wakeUp.node, owner),
    at % 7 === 0 ? claim(coordinator, wakeUp.node, owner) : undefined,
  ]);
  if (holder === undefined) {
    counts.refused += 1;
    return;
  }
  counts.executed += 1;
  const commit = { node: wakeUp.node, token: holder.token, children: [], staged: 0, wakeUps: 1 };
  const outcomes = [await coordinator.commitSuccess(commit), await coordinator.commitSuccess(commit)];
  counts.joins += outcomes.flatMap((outcome) => outcome.wakeUps).length;
  counts.committed += outcomes.filter(({ code }) => code === CommitCode.COMMIT_OK).length;
  counts.repeated += outcomes.filter(({ code }) => code === CommitCode.ALREADY_COMMITTED).length;
}

async function claim(coordinator: Coordinator, node: WakeUp['node'], owner: string): Promise<ChainNode | undefined> {
  const command = { node, epoch: 0, owner, stage: 'module-processor', leaseMs: LEASE_MS, alone: false } as const;
  const outcome = await coordinator.claim(command);
  return outcome.code === ClaimCode.EXECUTE ? outcome.node : undefined;
}

/** Works through a list, some at a time. */
async function eachOf<T>(list: readonly T[], work: (item: T, at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < list.length; at = next++) await work(list[at]!, at);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

/** The same disorder every time (Fisher and Yates, by a linear congruential generator). */
function shuffle<T>(list: readonly T[]): T[] {
  const shuffled = [...list];
  let state = 42;
  for (let last = shuffled.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}

function seed(runId: string, name: string, phase: number): NodeSeed {
  return { id: `${runId}.${name}`, kind: 'hop', phase, stepIdx: phase, prefixRequest: '', body: '{}' };
}
