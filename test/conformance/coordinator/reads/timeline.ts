import { describe, expect, it } from 'vitest';
import { EVENTS } from '../../../../libs/contracts/events.ts';
import type { TimelineEvent } from '../../../../libs/coordination/protocol/reads.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { LEASE_MS, openScene, type Scene } from '../scene/scene.ts';

export function describeTimeline(open: OpenCoordinator): void {
  describe('the timeline', () => {
    it('tells of a run from its acceptance to its end, in order', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      await scene.kill('b');
      await scene.finish('join');
      const types = (await timeline(scene)).map((event) => event.type);
      const milestones = [
        EVENTS.TaskAccepted,
        EVENTS.ErrorTaskProduced,
        EVENTS.DeadLettered,
        EVENTS.PhaseClosed,
        EVENTS.ModuleCompleted,
        EVENTS.RunCompleted,
      ].map(({ type }) => types.indexOf(type));
      expect(milestones).not.toContain(-1);
      expect(milestones).toEqual([...milestones].sort((one, other) => one - other));
    });

    it('tells of a failure and of a dead letter which node failed, where, why, and at which attempt', async () => {
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.request('r')]);
      const prefix = scene.cast.ref('r').id;
      await scene.finish('r', [scene.cast.hop('h', { prefix: 'r', stepIdx: 1 })]);
      await scene.fail('h');
      await scene.decide('h', { retryDelayMs: 1 });
      await scene.advance(1);
      await scene.sweep();
      await scene.fail('h');
      await scene.decide('h', { fatal: true });
      const of = { taskId: `task of ${scene.runId}`, stepIdx: 1, prefixRequest: prefix, stage: '' };
      const failed = { ...of, code: 'test.failed', class: 'retryable' };
      expect(await failuresIn(scene)).toEqual([
        [EVENTS.ErrorTaskProduced.type, { ...failed, attempt: 1 }],
        [EVENTS.ErrorTaskProduced.type, { ...failed, attempt: 2 }],
        [EVENTS.DeadLettered.type, { ...failed, attempt: 2, reason: 'failed' }],
      ]);
    });

    it('tells of a node that lost too many leases that it did, whatever failed before', async () => {
      const scene = await openScene(open);
      await scene.fail('a');
      await scene.decide('a', { retryDelayMs: 1 });
      await scene.advance(1);
      await scene.sweep();
      for (const alone of [false, false, true]) {
        await scene.take('a', { alone });
        await scene.advance(LEASE_MS + 1);
        await scene.coordinator.recoverZombie({ node: scene.cast.ref('a'), crashBudget: 3 });
      }
      const crashed = { stage: 'sweeper', code: 'execution.ends_process', class: 'fatal', reason: 'crashed' };
      expect((await failuresIn(scene)).at(-1)).toMatchObject([EVENTS.DeadLettered.type, crashed]);
    });

    it('F20: tells of each transition once, also when its call is sent again', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      const holder = await scene.take('a');
      await scene.commit(holder);
      await scene.commit(holder);
      await scene.fail('join');
      await scene.decide('join', { epoch: 0, fatal: true });
      const before = await timeline(scene);
      await scene.decide('join', { epoch: 0, fatal: true });
      await scene.commit(holder);
      await scene.runOpen({ phases: [{}, { opener: 'join' }] });
      expect(await timeline(scene)).toEqual(before);
      expect(new Set(before.map((event) => event.id)).size).toBe(before.length);
    });

    it('tells of a trip of a threshold and of a fallback', async () => {
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.request('r')]);
      await scene.finish('r', [scene.cast.hop('h', { prefix: 'r', stepIdx: 1 })]);
      await scene.fail('h');
      await scene.decide('h', { fallback: { request: scene.cast.ref('r') } });
      await scene.fail('r');
      await scene.decide('r', { moduleThreshold: { errors: 1 } });
      const types = (await timeline(scene)).map((event) => event.type);
      expect(types).toContain(EVENTS.ModuleStepFallback.type);
      expect(types).toContain(EVENTS.TaskTerminatedByThreshold.type);
      // A superseded and a terminated node are no dead letters.
      expect(types).not.toContain(EVENTS.DeadLettered.type);
    });

    it('tells of the end again when a replay has opened the run again', async () => {
      const scene = await openScene(open);
      await scene.kill('a');
      await scene.sweep();
      await scene.coordinator.replay({ node: scene.cast.ref('a'), rejoin: false });
      await scene.finish('a');
      const ends = (await timeline(scene)).filter((event) => event.type === EVENTS.RunCompleted.type);
      expect(ends).toHaveLength(2);
      expect(ends[0]!.id).not.toBe(ends[1]!.id);
    });

    it('is read page by page, each event once', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      await scene.kill('a');
      await scene.finish('b');
      expect(await timeline(scene, 1)).toEqual(await timeline(scene, 100));
    });
  });
}

/** The events of failures, in order: their types and data. */
async function failuresIn(scene: Scene) {
  const types: readonly string[] = [EVENTS.ErrorTaskProduced.type, EVENTS.DeadLettered.type];
  const told = (await timeline(scene)).filter(({ type }) => types.includes(type));
  return told.map(({ type, data }) => [type, data] as const);
}

/** All events of the scene's run, in order. */
export async function timeline(scene: Scene, limit = 100): Promise<TimelineEvent[]> {
  const events: TimelineEvent[] = [];
  for (;;) {
    const afterSeq = events.at(-1)?.seq ?? 0;
    const page = await scene.coordinator.listEvents({ runId: scene.runId, afterSeq, limit });
    events.push(...page);
    if (page.length < limit) return events;
  }
}
