/** Rows of leased nodes are kept in memory: what is kept is what the file says, after every transition and every rollback. */
import { expect, it, onTestFinished } from 'vitest';
import {
  FAILURE,
  heldBy,
  LEASE_MS,
  openScene,
  type Scene,
} from '../../../../test/conformance/coordinator/scene/scene.ts';
import { ManualClock } from '../../../clock/clock.ts';
import { SqliteDatabase } from '../../../sqlite/database.ts';
import { ClaimCode, RenewCode } from '../../protocol/claims.ts';
import { CommitCode } from '../../protocol/commits.ts';
import { CommitErrorCode } from '../../protocol/errors.ts';
import type { ChainNode } from '../../protocol/node.ts';
import { defaultPolicy } from '../../protocol/policy.ts';
import { openSqliteCoordinator } from '../index.ts';

async function open() {
  const clock = new ManualClock();
  const db = new SqliteDatabase({ path: ':memory:' });
  onTestFinished(() => db.close());
  const scene = await openScene(async () => ({
    coordinator: openSqliteCoordinator({ db, clock, policy: defaultPolicy }),
    policy: defaultPolicy,
    shards: 1,
    now: () => clock.now(),
    advance: async (ms) => clock.advance(ms),
    close: async () => db.close(),
  }));
  return { db, clock, scene };
}

/** A read by id answers what is kept, a list what stands in the table. */
async function expectSame({ coordinator, cast, runId }: Scene, name: string): Promise<void> {
  const listed = await coordinator.listNodes({ runId, limit: 100 });
  const { id } = cast.ref(name);
  expect(await coordinator.findNode(cast.ref(name))).toEqual(listed.find((node) => node.id === id));
}

/** Without the watch over the scene, which would read between two calls and so send them in different transactions. */
function commitBare({ harness }: Scene, node: ChainNode) {
  return harness.coordinator.commitSuccess({ ...heldBy(node), children: [], staged: 0, wakeUps: 0 });
}

/** Takes the transaction down that the works of this turn are in; they are tried again one by one. */
function breakTransaction(db: SqliteDatabase): Promise<void> {
  return expect(
    db.write(() => {
      throw new Error('the disk said no');
    }),
  ).rejects.toThrow('the disk said no');
}

it('a node is the same in memory and in the file through its whole life', async () => {
  const { scene, clock } = await open();
  const same = () => expectSame(scene, 'a');
  const first = await scene.take('a');
  await same();
  clock.advance(1_000);
  expect(await scene.coordinator.renew({ ...heldBy(first), leaseMs: LEASE_MS })).toBe(RenewCode.RENEWED);
  await same();
  expect(await scene.coordinator.commitError({ ...heldBy(first), error: FAILURE })).toBe(CommitErrorCode.ERROR_EMIT_OK);
  await same();
  await scene.decide('a');
  await same();
  clock.advance(60_000);
  await scene.due();
  await same();
  const second = await scene.take('a');
  expect(second).toMatchObject({ epoch: 1, attempts: 2 });
  await same();
  expect((await scene.commit(second)).code).toBe(CommitCode.COMMIT_OK);
  await same();
});

it('a claim that was rolled back and made again is held under the token that it answered', async () => {
  const { db, scene } = await open();
  const claimed = scene.harness.coordinator.claim({
    node: scene.cast.ref('a'),
    epoch: 0,
    owner: 'me',
    stage: 'module-processor',
    leaseMs: LEASE_MS,
    alone: false,
  });
  await breakTransaction(db);
  const { code, node } = await claimed;
  expect(code).toBe(ClaimCode.EXECUTE);
  expect(node!.attempts).toBe(1);
  await expectSame(scene, 'a');
  expect((await commitBare(scene, node!)).code).toBe(CommitCode.COMMIT_OK);
  await expectSame(scene, 'a');
});

it('a commit that was rolled back and made again hands its child over once', async () => {
  const { db, scene } = await open();
  const holder = await scene.take('a');
  const committed = scene.harness.coordinator.commitSuccess({
    ...heldBy(holder),
    ...{ children: [scene.cast.hop('b')], staged: 0, wakeUps: 1, handOver: { owner: 'next', leaseMs: LEASE_MS } },
  });
  await breakTransaction(db);
  const { code, next, created } = await committed;
  expect([code, created, next?.attempts]).toEqual([CommitCode.COMMIT_OK, 1, 1]);
  for (const name of ['a', 'b']) await expectSame(scene, name);
  expect((await commitBare(scene, next!)).code).toBe(CommitCode.COMMIT_OK);
  expect((await scene.harness.coordinator.runAudit({ runId: scene.runId })).drift).toEqual([]);
});

it('a lease that ran out is forgotten with its recovery', async () => {
  const { clock, scene } = await open();
  const lost = await scene.take('a');
  clock.advance(LEASE_MS + 1);
  await scene.coordinator.recoverZombie({ node: scene.cast.ref('a'), crashBudget: 3 });
  await expectSame(scene, 'a');
  expect((await scene.commit(lost)).code).toBe(CommitCode.FENCING_REJECT);
  expect((await scene.commit(await scene.take('a'))).code).toBe(CommitCode.COMMIT_OK);
});
