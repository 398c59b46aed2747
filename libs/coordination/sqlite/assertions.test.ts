/** What does not fit together in the file stops the transition of its node, before or with its writes; all else goes on. */
import { expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { SqliteDatabase } from '../../sqlite/database.ts';
import { CommitCode } from '../protocol/commits.ts';
import type { NodeSeed } from '../protocol/node.ts';
import { defaultPolicy } from '../protocol/policy.ts';
import { openSqliteCoordinator } from './index.ts';

const RUN = 'run-1';
const LEASE_MS = 30_000;
const PHASES = [{ join: { kind: 'settle' } }, { join: { kind: 'settle' } }] as const;

const hop = (id: string, phase = 0): NodeSeed => ({
  ...{ id, kind: 'hop', phase, stepIdx: phase },
  ...{ prefixRequest: '', body: '{}' },
});
const ref = (id: string, moduleId = 'm') => ({ id, runId: RUN, moduleId, phase: 0 });

/** A run of two modules, `m` with the hops a and b, `n` with the hop c; `breakIt` is SQL that a new process then finds. */
async function openBroken(breakIt: string) {
  const clock = new ManualClock();
  const db = new SqliteDatabase({ path: ':memory:' });
  onTestFinished(() => db.close());
  const open = () => openSqliteCoordinator({ db, clock, policy: defaultPolicy });
  const modules = [
    { moduleId: 'm', phases: PHASES, first: [hop('a'), hop('b')] },
    { moduleId: 'n', phases: PHASES, first: [hop('c')] },
  ];
  await open().runOpen({ runId: RUN, modules });
  db.exec(breakIt);
  const coordinator = open();
  const claim = (id: string, moduleId = 'm') =>
    coordinator.claim({
      ...{ node: ref(id, moduleId), epoch: 0, owner: `of-${id}`, stage: 'module-processor' },
      leaseMs: LEASE_MS,
      alone: false,
    });
  const hold = async (id: string, moduleId = 'm') => {
    const { node } = await claim(id, moduleId);
    return { node: ref(id, moduleId), token: node!.token };
  };
  const commit = (held: Awaited<ReturnType<typeof hold>>) =>
    coordinator.commitSuccess({ ...held, children: [], staged: 0, wakeUps: 0 });
  const stateOf = async (id: string) => (await coordinator.findNode(ref(id)))?.state;
  return { clock, db, coordinator, claim, hold, commit, stateOf };
}

/** The error of a violated invariant at a node. */
const broken = (invariant: string, nodeId: string) =>
  expect.objectContaining({
    code: 'coordinator.invariant_broken',
    class: 'fatal',
    data: expect.objectContaining({ invariant, nodeId }),
  });

const LOST_COUNT = `UPDATE chain_phases SET done = 2 WHERE idx = 0 AND module_no = 1`;
const NO_DECISION = {
  ...{ fatal: true, maxAttempts: 1, retryDelayMs: 0 },
  ...{ moduleThreshold: { errors: 99 }, taskThreshold: { errors: 99 } },
} as const;

it('I1: a node does not end in a phase that does not count it, until the run is audited; another module goes on', async () => {
  const { coordinator, hold, commit, stateOf } = await openBroken(LOST_COUNT);
  const a = await hold('a');
  await expect(commit(a)).rejects.toEqual(broken('I1', 'a'));
  expect(await stateOf('a')).toBe('processing');
  expect((await commit(await hold('c', 'n'))).code).toBe(CommitCode.COMMIT_OK);
  expect((await coordinator.runAudit({ runId: RUN })).drift).toHaveLength(2);
  expect((await commit(a)).code).toBe(CommitCode.COMMIT_OK);
  expect(await stateOf('a')).toBe('done');
});

it('I1: nor does it die there, by a decision or a crash', async () => {
  const { clock, coordinator, hold, stateOf } = await openBroken(LOST_COUNT);
  await coordinator.commitError({ ...(await hold('a')), error: '{}' });
  await expect(coordinator.thresholdDecide({ node: ref('a'), epoch: 0, ...NO_DECISION })).rejects.toEqual(
    broken('I1', 'a'),
  );
  await hold('b');
  clock.advance(LEASE_MS);
  await expect(coordinator.recoverZombie({ node: ref('b'), crashBudget: 1 })).rejects.toEqual(broken('I1', 'b'));
  expect([await stateOf('a'), await stateOf('b')]).toEqual(['failed', 'processing']);
});

it('I1: the last node that a phase counts does not end while another is open: a join would start early', async () => {
  const { coordinator, hold, commit } = await openBroken(
    'UPDATE chain_phases SET created = 1 WHERE idx = 0 AND module_no = 1',
  );
  await expect(commit(await hold('a'))).rejects.toEqual(broken('I1', 'a'));
  expect(await coordinator.findRun(RUN)).toMatchObject({ modules: [{ currentPhase: 0 }, { currentPhase: 0 }] });
});

it('I1: a batch that would end more nodes than its phase counts is taken back whole, and the works beside it stand', async () => {
  const { coordinator, hold, stateOf } = await openBroken('UPDATE chain_phases SET created = 1 WHERE no = 1');
  await coordinator.terminateMark({ runId: RUN, moduleId: 'm', reason: 'operator' });
  const drained = coordinator.scopeDrain({ runId: RUN, moduleId: 'm', phase: 0, limit: 10 });
  const beside = hold('c', 'n');
  await expect(drained).rejects.toMatchObject({ code: 'coordinator.invariant_broken', data: { invariant: 'I1' } });
  expect((await beside).token).not.toBe('');
  expect([await stateOf('a'), await stateOf('b')]).toEqual(['pending', 'pending']);
});

it('I2: an open node that is never due is not claimed; the one beside it is', async () => {
  const { claim, coordinator } = await openBroken(`UPDATE chain_nodes SET due_at = 0 WHERE id = 'a'`);
  await expect(claim('a')).rejects.toEqual(broken('I2', 'a'));
  expect((await claim('b')).node?.state).toBe('processing');
  expect((await coordinator.runAudit({ runId: RUN })).drift).toHaveLength(1);
  expect((await claim('a')).node?.state).toBe('processing');
});

it('I3: a lease that nobody holds is neither renewed nor committed', async () => {
  const { coordinator, commit } = await openBroken(`UPDATE chain_nodes SET state = 'processing' WHERE id = 'a'`);
  const held = { node: ref('a'), token: '' };
  await expect(coordinator.renew({ ...held, leaseMs: LEASE_MS })).rejects.toEqual(broken('I3', 'a'));
  await expect(commit(held)).rejects.toEqual(broken('I3', 'a'));
});

it('I3: the sweeper is told of a node that does not fit together by its recovery, and takes the others as ever', async () => {
  const { coordinator } = await openBroken(`UPDATE chain_nodes SET state = 'releasing' WHERE id = 'a'`);
  const { entries } = await coordinator.dueTake({ shard: 0, limit: 10 });
  expect(entries).toMatchObject([
    { kind: 'recover', node: ref('a') },
    { kind: 'notify', wakeUp: { node: ref('b') } },
    { kind: 'notify', wakeUp: { node: ref('c', 'n') } },
  ]);
  await expect(coordinator.recoverZombie({ node: ref('a'), crashBudget: 3 })).rejects.toEqual(broken('I3', 'a'));
});

it('I5: a staged child of a phase before its parent’s never comes into being', async () => {
  const { db, coordinator, hold } = await openBroken('');
  const a = await hold('a');
  await coordinator.stageChildren({ ...a, children: [hop('child')] });
  await coordinator.commitSuccess({ ...a, children: [], staged: 1, wakeUps: 0 });
  db.exec(`UPDATE chain_staged SET seed = json_set(seed, '$.phase', -1)`);
  await expect(coordinator.childrenPump({ node: ref('a'), wakeUps: 0 })).rejects.toEqual(broken('I5', 'a'));
  expect(await coordinator.findNode(ref('child'))).toBeUndefined();
  expect(db.prepare('SELECT count(*) AS n FROM chain_staged').get()?.n).toBe(1);
});
