import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { ControlCode, SettleCode } from '../../../../libs/coordination/protocol/runs.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { HOUR_MS, openScene } from '../scene/scene.ts';
import { allNodes } from '../watch/reading.ts';

export function describeRunEnd(open: OpenCoordinator): void {
  describe('F20: the end of a run', () => {
    it('F20: a closing run comes to the sweeper until somebody has settled it', async () => {
      const scene = await openScene(open);
      expect(await scene.coordinator.runSettle({ runId: scene.runId })).toBe(SettleCode.NOT_CLOSING);
      await scene.finish('a');
      const settle = { kind: 'settle', runId: scene.runId };
      expect(await scene.due()).toContainEqual(settle);
      await scene.advance(HOUR_MS);
      expect(await scene.due()).toContainEqual(settle);
      expect(await scene.coordinator.runSettle({ runId: scene.runId })).toBe(SettleCode.SETTLED);
      await scene.advance(HOUR_MS);
      expect(await scene.due()).toEqual([]);
      expect((await scene.run()).state).toBe('closed');
    });

    it('F20: the nodes stay readable, with their reasons, for the dead letters', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c'] });
      await scene.kill('a');
      await scene.finish('b');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      await scene.sweep();
      const dead = await allNodes(scene.coordinator, { runId: scene.runId, state: 'dead' });
      expect(new Set(dead.map((node) => node.deathReason))).toEqual(new Set(['failed', 'cancelled']));
      const failed = await allNodes(scene.coordinator, { runId: scene.runId, deathReason: 'failed' });
      expect(failed.map((node) => node.id)).toEqual([scene.cast.ref('a').id]);
    });

    it('nothing is claimed and nothing changes once it is closed', async () => {
      const scene = await openScene(open);
      await scene.finish('a');
      await scene.sweep();
      expect(await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' })).toBe(ControlCode.RUN_CLOSED);
      expect(await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' })).toBe(ControlCode.RUN_CLOSED);
      expect((await scene.claim('a')).code).toBe(ClaimCode.RUN_CLOSED);
      expect((await scene.run()).mark).toBe('');
    });

    it('an audit finds no drift', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c'], phases: [{}, { opener: 'join' }] });
      await scene.finish('a', [scene.cast.request('r')]);
      await scene.kill('b');
      expect(await scene.coordinator.runAudit({ runId: scene.runId })).toEqual({ nodes: 4, drift: [] });
    });
  });
}
