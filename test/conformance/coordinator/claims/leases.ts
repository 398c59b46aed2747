import { describe, expect, it } from 'vitest';
import { AbandonCode, RecoverCode, ReleaseCode, RenewCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode } from '../../../../libs/coordination/protocol/commits.ts';
import { CommitErrorCode } from '../../../../libs/coordination/protocol/errors.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { FAILURE, heldBy, LEASE_MS, openScene, type Scene } from '../scene/scene.ts';

export function describeLeases(open: OpenCoordinator): void {
  describe('renew', () => {
    it('RENEWED moves the end of the lease', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.advance(20_000);
      expect(await scene.coordinator.renew({ ...heldBy(holder), leaseMs: LEASE_MS })).toBe(RenewCode.RENEWED);
      expect((await scene.node('a')).dueAtMs).toBe(scene.harness.now() + LEASE_MS);
    });

    it('RENEWED also after the lease ran out, while nobody took over', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.advance(LEASE_MS + 1);
      expect(await scene.coordinator.renew({ ...heldBy(holder), leaseMs: LEASE_MS })).toBe(RenewCode.RENEWED);
      expect(await scene.coordinator.recoverZombie({ node: holder, crashBudget: 3 })).toMatchObject({
        code: RecoverCode.NOT_EXPIRED,
      });
    });

    it('FENCING_REJECT for another token, an unknown node, and a node that is no longer leased', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const renew = (held: { node: typeof holder; token: string }) =>
        scene.coordinator.renew({ ...held, leaseMs: LEASE_MS });
      expect(await renew({ node: holder, token: `${holder.token}0` })).toBe(RenewCode.FENCING_REJECT);
      expect(await renew({ node: { ...holder, id: 'unknown' }, token: holder.token })).toBe(RenewCode.FENCING_REJECT);
      await scene.commit(holder);
      expect(await renew({ node: holder, token: holder.token })).toBe(RenewCode.FENCING_REJECT);
    });
  });

  describe('recover', () => {
    it('NOT_EXPIRED while the lease lasts, RECOVERED at its end, NOT_PROCESSING afterwards', async () => {
      const scene = await openScene(open);
      const node = scene.cast.ref('a');
      const recover = () => scene.coordinator.recoverZombie({ node, crashBudget: 3 });
      expect((await recover()).code).toBe(RecoverCode.NOT_PROCESSING);
      await scene.take('a');
      await scene.advance(LEASE_MS - 1);
      expect((await recover()).code).toBe(RecoverCode.NOT_EXPIRED);
      await scene.advance(1);
      const recovered = await recover();
      expect(recovered).toMatchObject({ code: RecoverCode.RECOVERED, died: false });
      expect(recovered.wakeUps).toMatchObject([{ kind: 'parser_task', node, epoch: 1 }]);
      expect((await recover()).code).toBe(RecoverCode.NOT_PROCESSING);
      const unknown = { ...node, id: 'unknown' };
      expect((await scene.coordinator.recoverZombie({ node: unknown, crashBudget: 3 })).code).toBe(
        RecoverCode.NOT_PROCESSING,
      );
    });

    it('counts a crash and gives the attempt back: crashes have a budget of their own', async () => {
      const scene = await openScene(open);
      for (let crash = 1; crash <= 2; crash++) {
        await scene.take('a');
        await scene.advance(LEASE_MS);
        await scene.sweep();
        expect(await scene.node('a')).toMatchObject({ state: 'pending', crashes: crash, attempts: 0, epoch: crash });
      }
      await scene.fail('a', { alone: true });
      expect(await scene.node('a')).toMatchObject({ attempts: 1, crashes: 2 });
    });

    it('ends a node that has spent its crash budget as dead, crashed, without stopping the run', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      for (let crash = 1; crash <= 2; crash++) {
        await scene.take('a');
        await scene.advance(LEASE_MS);
        const node = scene.cast.ref('a');
        const { died, wakeUps } = await scene.coordinator.recoverZombie({ node, crashBudget: 2 });
        expect(died).toBe(crash === 2);
        expect(wakeUps).toHaveLength(crash === 2 ? 0 : 1);
      }
      expect(await scene.node('a')).toMatchObject({ state: 'dead', deathReason: 'crashed', crashes: 2 });
      await scene.finish('b');
      expect((await scene.run()).state).toBe('closing');
    });

    it('closes the phase when the crashed node was its last one', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await scene.take('a');
      await scene.advance(LEASE_MS);
      await scene.sweep({ crashBudget: 1 });
      expect((await scene.module()).currentPhase).toBe(1);
      expect((await scene.node('join')).state).toBe('pending');
    });

    it('lets a zombie neither commit nor fail nor renew nor release', async () => {
      const scene = await openScene(open);
      const zombie = await scene.take('a');
      await scene.advance(LEASE_MS);
      await scene.sweep();
      await refusesZombie(scene, zombie);
      await scene.take('a');
      await refusesZombie(scene, zombie);
    });
  });

  describe('abandon', () => {
    it('ABANDONED makes the node pending in its next epoch, due after the delay, and counts no crash', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      expect(await scene.coordinator.abandon({ ...heldBy(holder), delayMs: 5_000 })).toBe(AbandonCode.ABANDONED);
      const dueAtMs = scene.harness.now() + 5_000;
      expect(await scene.node('a')).toMatchObject({ state: 'pending', epoch: 1, attempts: 0, crashes: 0, dueAtMs });
      expect(await scene.node('a')).toMatchObject({ owner: '', token: '' });
      expect((await scene.due()).length).toBe(0);
      await scene.advance(5_000);
      expect(await scene.due()).toMatchObject([{ kind: 'notify', wakeUp: { kind: 'parser_task', epoch: 1 } }]);
      expect((await scene.take('a')).attempts).toBe(1);
    });

    it('FENCING_REJECT for another token, an unknown node, and a node that is no longer leased', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const abandon = (held: { node: typeof holder; token: string }) =>
        scene.coordinator.abandon({ ...held, delayMs: 0 });
      expect(await abandon({ node: holder, token: `${holder.token}0` })).toBe(AbandonCode.FENCING_REJECT);
      expect(await abandon({ node: { ...holder, id: 'unknown' }, token: holder.token })).toBe(
        AbandonCode.FENCING_REJECT,
      );
      await scene.commit(holder);
      expect(await abandon({ node: holder, token: holder.token })).toBe(AbandonCode.FENCING_REJECT);
    });

    it('works on an expired lease that nobody took over, and in a marked run, whose drain ends the node', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const expired = await scene.take('a');
      await scene.advance(LEASE_MS + 1);
      expect(await scene.coordinator.abandon({ ...heldBy(expired), delayMs: 0 })).toBe(AbandonCode.ABANDONED);
      const marked = await scene.take('b');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      expect(await scene.coordinator.abandon({ ...heldBy(marked), delayMs: 0 })).toBe(AbandonCode.ABANDONED);
      await scene.sweep();
      expect(await scene.node('b')).toMatchObject({ state: 'dead', deathReason: 'cancelled' });
    });

    it('lets the holder do nothing more', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.coordinator.abandon({ ...heldBy(holder), delayMs: 0 });
      await refusesZombie(scene, holder);
    });
  });
}

async function refusesZombie(scene: Scene, zombie: Awaited<ReturnType<Scene['take']>>): Promise<void> {
  const before = await scene.node('a');
  expect((await scene.commit(zombie, [scene.cast.hop('child')])).code).toBe(CommitCode.FENCING_REJECT);
  const failed = await scene.coordinator.commitError({ ...heldBy(zombie), error: FAILURE });
  expect(failed).toBe(CommitErrorCode.FENCING_REJECT);
  const renewed = await scene.coordinator.renew({ ...heldBy(zombie), leaseMs: LEASE_MS });
  expect(renewed).toBe(RenewCode.FENCING_REJECT);
  expect(await scene.coordinator.release(heldBy(zombie))).toBe(ReleaseCode.FENCING_REJECT);
  expect(await scene.exists('child')).toBe(false);
  expect(await scene.node('a')).toEqual(before);
}
