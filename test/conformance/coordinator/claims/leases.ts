import { describe, expect, it } from 'vitest';
import { RecoverCode, ReleaseCode, RenewCode } from '../../../../libs/coordination/protocol/claims.ts';
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
      await scene.fail('a');
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

    it('RECOVERED at once for the token of a lease that is over, and NOT_PROCESSING for any other', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const recover = (token: string) => scene.coordinator.recoverZombie({ node: holder, token, crashBudget: 3 });
      expect((await recover(`${holder.token}0`)).code).toBe(RecoverCode.NOT_PROCESSING);
      expect(await recover(holder.token)).toMatchObject({ code: RecoverCode.RECOVERED, wakeUps: [{ epoch: 1 }] });
      expect(await scene.node('a')).toMatchObject({ state: 'pending', crashes: 1, attempts: 0, token: '' });
      expect((await recover(holder.token)).code).toBe(RecoverCode.NOT_PROCESSING);
    });

    it('counts no crash for a lease that its holder hands back, however often', async () => {
      const scene = await openScene(open);
      for (let times = 1; times <= 3; times++) {
        const { token } = await scene.take('a');
        const node = scene.cast.ref('a');
        const handedBack = { node, token, crashBudget: 1, isHandedBack: true } as const;
        expect(await scene.coordinator.recoverZombie(handedBack)).toMatchObject({
          code: RecoverCode.RECOVERED,
          died: false,
        });
        expect(await scene.node('a')).toMatchObject({ state: 'pending', crashes: 0, attempts: 0, epoch: times });
      }
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
