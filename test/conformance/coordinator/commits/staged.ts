import { describe, expect, it } from 'vitest';
import { CommitCode, MAX_CHILDREN, PumpCode, StageCode } from '../../../../libs/coordination/protocol/commits.ts';
import { ReplayCode } from '../../../../libs/coordination/protocol/errors.ts';
import type { ChainNode, NodeSeed } from '../../../../libs/coordination/protocol/node.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { heldBy, LEASE_MS, openScene, type Scene } from '../scene/scene.ts';

export function describeStaged(open: OpenCoordinator): void {
  describe('staged children', () => {
    it('F16: are invisible until their parent commits, and then move in bounded batches', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const children = cast(scene, 2 * MAX_CHILDREN + 1);
      await stageAll(scene, holder, children);
      expect((await scene.phase(0)).created).toBe(1);
      const committed = await scene.commit(holder, [], { staged: children.length });
      expect(committed).toMatchObject({ code: CommitCode.COMMIT_OK, releasing: true });
      expect(await scene.node('a')).toMatchObject({ state: 'releasing', committedToken: holder.token });
      let created = committed.created;
      let more = true;
      while (more) {
        const pumped = await scene.coordinator.childrenPump({ node: scene.cast.ref('a'), wakeUps: 10 });
        expect(pumped.code).toBe(PumpCode.MOVED);
        expect(pumped.created).toBeLessThanOrEqual(MAX_CHILDREN);
        expect(pumped.wakeUps.length).toBeLessThanOrEqual(10);
        created += pumped.created;
        more = pumped.more;
      }
      expect(created).toBe(children.length);
      expect((await scene.node('a')).state).toBe('done');
      expect(await scene.phase(0)).toMatchObject({ created: 1 + children.length, done: 1, open: children.length });
    });

    it('F16: a commit that names another number than was staged is refused and changes nothing', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await stageAll(scene, holder, cast(scene, 2));
      for (const staged of [0, 1, 3]) {
        expect((await scene.commit(holder, [], { staged })).code, String(staged)).toBe(CommitCode.FENCING_REJECT);
        expect((await scene.node('a')).state).toBe('processing');
      }
      expect((await scene.commit(holder, [], { staged: 2 })).code).toBe(CommitCode.COMMIT_OK);
    });

    it('F16: those of another token vanish', async () => {
      const scene = await openScene(open);
      const first = await scene.take('a');
      await stageAll(scene, first, [scene.cast.hop('old0'), scene.cast.hop('old1')]);
      await scene.advance(LEASE_MS);
      await scene.sweep();
      const second = await scene.take('a');
      await stageAll(scene, second, [scene.cast.hop('new')]);
      await scene.commit(second, [], { staged: 1 });
      await sweepStaged(scene);
      expect(await scene.exists('new')).toBe(true);
      expect(await scene.exists('old0')).toBe(false);
      expect(await scene.phase(0)).toMatchObject({ created: 2, done: 1 });
    });

    it('F16: the sweeper moves them when the committer died', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const children = cast(scene, MAX_CHILDREN + 3);
      await stageAll(scene, holder, children);
      await scene.commit(holder, [], { staged: children.length });
      const { entries } = await sweepStaged(scene);
      expect(entries).toContainEqual({ kind: 'pump', node: scene.cast.ref('a') });
      expect((await scene.node('a')).state).toBe('done');
      expect((await scene.phase(0)).created).toBe(1 + children.length);
    });

    it('F16: a sweeper that dies between two batches leaves the rest to the next one', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const children = cast(scene, 2 * MAX_CHILDREN);
      await stageAll(scene, holder, children);
      await scene.commit(holder, [], { staged: children.length });
      await scene.advance(scene.harness.policy.dispatchGraceMs);
      await scene.due();
      await scene.coordinator.childrenPump({ node: scene.cast.ref('a'), wakeUps: 0 });
      expect((await scene.node('a')).state).toBe('releasing');
      await sweepStaged(scene);
      expect((await scene.node('a')).state).toBe('done');
      expect((await scene.phase(0)).created).toBe(1 + children.length);
    });

    it('F16: no join is early: the phase stays open until the last batch has moved', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      const holder = await scene.take('a');
      await stageAll(scene, holder, [scene.cast.hop('later', { phase: 1 })]);
      await scene.commit(holder, [], { staged: 1 });
      expect((await scene.module()).currentPhase).toBe(0);
      const pumped = await scene.coordinator.childrenPump({ node: scene.cast.ref('a'), wakeUps: 500 });
      expect(pumped.more).toBe(false);
      expect((await scene.module()).currentPhase).toBe(1);
      const woken = [...pumped.wakeUps, ...(await scene.sweep()).wakeUps].map((wakeUp) => wakeUp.node.id);
      expect(new Set(woken)).toEqual(new Set([scene.cast.ref('later').id, scene.cast.ref('join').id]));
    });

    it('STAGED counts a child once, however often it is staged', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const [one, two] = cast(scene, 2);
      await stageAll(scene, holder, [one!]);
      await stageAll(scene, holder, [one!, two!, two!]);
      expect((await scene.commit(holder, [], { staged: 2 })).code).toBe(CommitCode.COMMIT_OK);
      await sweepStaged(scene);
      expect((await scene.phase(0)).created).toBe(3);
    });

    it('FENCING_REJECT to stage under another token, and after the commit', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const children = [scene.cast.hop('child')];
      const stage = (token: string) => scene.coordinator.stageChildren({ ...heldBy(holder), token, children });
      expect(await stage('other')).toBe(StageCode.FENCING_REJECT);
      await scene.commit(holder);
      expect(await stage(holder.token)).toBe(StageCode.FENCING_REJECT);
    });

    it('refuses a batch beyond the bound', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const children = cast(scene, MAX_CHILDREN + 1);
      await expect(scene.coordinator.stageChildren({ ...heldBy(holder), children })).rejects.toThrow();
    });

    it('NOT_RELEASING when there is nothing to move', async () => {
      const scene = await openScene(open);
      const node = scene.cast.ref('a');
      expect((await scene.coordinator.childrenPump({ node, wakeUps: 1 })).code).toBe(PumpCode.NOT_RELEASING);
      const holder = await scene.take('a');
      await stageAll(scene, holder, cast(scene, 1));
      await scene.commit(holder, [], { staged: 1 });
      await sweepStaged(scene);
      expect(await scene.coordinator.childrenPump({ node, wakeUps: 1 })).toMatchObject({
        code: PumpCode.NOT_RELEASING,
        more: false,
        created: 0,
      });
    });

    it('count a lost gate like children of a commit do', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const holder = await scene.take('a');
      await stageAll(scene, holder, [scene.cast.seed('b'), scene.cast.hop('new')]);
      await scene.commit(holder, [], { staged: 2 });
      const pumped = await scene.coordinator.childrenPump({ node: scene.cast.ref('a'), wakeUps: 9 });
      expect(pumped).toMatchObject({ created: 1, gateLost: 1, more: false });
      expect(pumped.wakeUps).toMatchObject([{ node: scene.cast.ref('new') }]);
    });

    it('of a cancelled run never come into being', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await stageAll(scene, holder, cast(scene, 3));
      await scene.commit(holder, [], { staged: 3 });
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      await scene.sweep();
      expect(await scene.phase(0)).toMatchObject({ created: 1, open: 0 });
      expect((await scene.run()).state).toBe('closed');
    });

    it('F16: a mark ends a node whose children had not all moved as dead, so that a replay brings them after all', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const children = cast(scene, 2);
      await stageAll(scene, holder, children);
      await scene.commit(holder, [], { staged: 2 });
      await scene.coordinator.terminateMark({ runId: scene.runId, moduleId: 'm', reason: 'operator' });
      await scene.sweep({ settles: false });
      expect(await scene.node('a')).toMatchObject({ state: 'dead', deathReason: 'terminated' });
      const replayed = await scene.coordinator.replay({ node: scene.cast.ref('a'), rejoin: false });
      expect(replayed.code).toBe(ReplayCode.REPLAYED);
      await scene.finish('a', children);
      expect(await scene.phase(0)).toMatchObject({ created: 3, done: 1, open: 2 });
    });

    it('a repeated commit says that they still move', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await stageAll(scene, holder, cast(scene, 2));
      await scene.commit(holder, [], { staged: 2 });
      const again = await scene.commit(holder, [], { staged: 2 });
      expect(again).toMatchObject({ code: CommitCode.ALREADY_COMMITTED, releasing: true });
      await sweepStaged(scene);
      const late = await scene.commit(holder, [], { staged: 2 });
      expect(late).toMatchObject({ code: CommitCode.ALREADY_COMMITTED, releasing: false });
    });
  });
}

function cast(scene: Scene, count: number): NodeSeed[] {
  return Array.from({ length: count }, (_, index) => scene.cast.hop(`child${index}`));
}

async function stageAll(scene: Scene, holder: ChainNode, children: readonly NodeSeed[]): Promise<void> {
  for (let start = 0; start < children.length; start += MAX_CHILDREN) {
    const batch = children.slice(start, start + MAX_CHILDREN);
    const code = await scene.coordinator.stageChildren({ ...heldBy(holder), children: batch });
    expect(code).toBe(StageCode.STAGED);
  }
}

/** The sweeper moves them too, after a grace in which the committer may do it alone. */
async function sweepStaged(scene: Scene) {
  await scene.advance(scene.harness.policy.dispatchGraceMs);
  return scene.sweep();
}
