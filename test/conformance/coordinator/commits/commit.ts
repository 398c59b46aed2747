import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode, MAX_CHILDREN } from '../../../../libs/coordination/protocol/commits.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { LEASE_MS, openScene } from '../scene/scene.ts';

export function describeCommits(open: OpenCoordinator): void {
  describe('commit', () => {
    it('COMMIT_OK ends the node, brings its children into being, and names the wake-ups', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      const children = [scene.cast.request('r0', { stepIdx: 4 }), scene.cast.hop('h', { prefix: 'r9' })];
      const outcome = await scene.commit(holder, children);
      expect(outcome).toMatchObject({ code: CommitCode.COMMIT_OK, created: 2, gateLost: 0, releasing: false });
      expect(outcome.wakeUps).toMatchObject([
        { kind: 'request', node: scene.cast.ref('r0'), epoch: 0, attempts: 0, stepIdx: 4, limitKey: 'site.test' },
        { kind: 'parser_task', node: scene.cast.ref('h'), nodeKind: 'hop', prefixRequest: children[1]!.prefixRequest },
      ]);
      expect(await scene.node('a')).toMatchObject({ state: 'done', committedToken: holder.token });
      expect(await scene.node('r0')).toMatchObject({ ...children[0], state: 'pending', attempts: 0, epoch: 0 });
    });

    it('F11: the node names the token of its commit, whose rows are its items', async () => {
      const scene = await openScene(open, { first: ['a', 'keep'] });
      const lost = await scene.take('a');
      await scene.advance(LEASE_MS);
      await scene.sweep();
      expect((await scene.node('a')).committedToken).toBe('');
      const holder = await scene.take('a');
      await scene.commit(holder);
      await scene.commit(lost);
      expect((await scene.node('a')).committedToken).toBe(holder.token);
    });

    it('COMMIT_OK after the lease ran out, if nobody took over', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.advance(10 * LEASE_MS);
      expect((await scene.commit(holder)).code).toBe(CommitCode.COMMIT_OK);
    });

    it('FENCING_REJECT for another token, an unknown node, and a node that waits for its decision', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const holder = await scene.take('a');
      const child = scene.cast.hop('child');
      const other = await scene.commit(holder, [child], { token: `${holder.token}0` });
      expect(other.code).toBe(CommitCode.FENCING_REJECT);
      const unknown = { ...holder, id: 'unknown' };
      expect((await scene.commit(unknown, [child])).code).toBe(CommitCode.FENCING_REJECT);
      const failed = await scene.fail('b');
      expect((await scene.commit(failed, [child])).code).toBe(CommitCode.FENCING_REJECT);
      expect(await scene.exists('child')).toBe(false);
      expect((await scene.node('a')).state).toBe('processing');
    });

    it('CAS_CONFLICT under a mark and in a phase past its deadline: nothing of the commit takes effect', async () => {
      for (const mark of ['cancel', 'module', 'task', 'deadline'] as const) {
        const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
        const { runId, coordinator } = scene;
        const holder = await scene.take('a');
        if (mark === 'cancel') await coordinator.runControl({ runId, action: 'cancel' });
        if (mark === 'module') await coordinator.terminateMark({ runId, moduleId: 'm', reason: 'operator' });
        if (mark === 'task') await coordinator.terminateMark({ runId, reason: 'operator' });
        if (mark === 'deadline') await coordinator.phaseClose({ runId, moduleId: 'm', phase: 0 });
        const outcome = await scene.commit(holder, [scene.cast.hop('child')]);
        expect(outcome, mark).toMatchObject({ code: CommitCode.CAS_CONFLICT, wakeUps: [], created: 0 });
        expect(await scene.exists('child'), mark).toBe(false);
        expect((await scene.node('a')).committedToken, mark).toBe('');
      }
    });

    it('CAS_CONFLICT by the token of a node that a drain has ended, FENCING_REJECT by any other', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      await scene.sweep({ settles: false });
      expect((await scene.node('a')).state).toBe('dead');
      expect((await scene.commit(holder)).code).toBe(CommitCode.CAS_CONFLICT);
      expect((await scene.commit(holder, [], { token: 'other' })).code).toBe(CommitCode.FENCING_REJECT);
    });

    it('ALREADY_COMMITTED for the same token, and nothing happens twice', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      const holder = await scene.take('a');
      const child = scene.cast.hop('child');
      await scene.commit(holder, [child]);
      const before = await scene.run();
      expect(await scene.commit(holder, [child])).toMatchObject({ code: CommitCode.ALREADY_COMMITTED, created: 0 });
      expect(await scene.run()).toEqual(before);
      const late = await scene.commit(holder, [scene.cast.hop('other')]);
      expect(late.code).toBe(CommitCode.ALREADY_COMMITTED);
      expect(await scene.exists('other')).toBe(false);
    });

    it('in a pause is good: what was under way may end', async () => {
      const scene = await openScene(open);
      const holder = await scene.take('a');
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      const outcome = await scene.commit(holder, [scene.cast.hop('child')]);
      expect(outcome.code).toBe(CommitCode.COMMIT_OK);
      expect((await scene.claim('child')).code).toBe(ClaimCode.PAUSED);
    });

    it('refuses more children than one transition may create, and one that goes back a phase; both leave no trace', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }, {}] });
      const holder = await scene.take('a');
      const many = Array.from({ length: MAX_CHILDREN + 1 }, (_, index) => scene.cast.hop(`c${index}`));
      await expect(scene.commit(holder, many)).rejects.toThrow();
      expect((await scene.commit(holder, many.slice(0, MAX_CHILDREN))).created).toBe(MAX_CHILDREN);

      const other = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await other.finish('a');
      const join = await other.take('join');
      await expect(
        other.commit(join, [other.cast.hop('good', { phase: 1 }), other.cast.hop('back')]),
      ).rejects.toThrow();
      expect(await other.exists('good')).toBe(false);
      expect((await other.node('join')).state).toBe('processing');
    });
  });

  describe('the advance gate', () => {
    it('F2: the same hop from two parents is one node, and the second gate is counted as lost', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const shared = scene.cast.hop('shared', { prefix: 'r1' });
      expect(await scene.finish('a', [shared])).toMatchObject({ created: 1, gateLost: 0 });
      const second = await scene.finish('b', [{ ...shared, prefixRequest: 'r2', body: 'other' }]);
      expect(second).toMatchObject({ created: 0, gateLost: 1, wakeUps: [] });
      expect(await scene.node('shared')).toMatchObject(shared);
    });

    it('F2: a cycle of equal hops ends', async () => {
      const scene = await openScene(open);
      const [a, b] = [scene.cast.seed('a'), scene.cast.hop('b')];
      await scene.finish('a', [b]);
      expect(await scene.finish('b', [a, b])).toMatchObject({ created: 0, gateLost: 2 });
      expect((await scene.run()).state).toBe('closing');
    });

    it('the same child twice in one commit is one node', async () => {
      const scene = await openScene(open);
      const child = scene.cast.hop('child');
      expect(await scene.finish('a', [child, child])).toMatchObject({ created: 1, gateLost: 1 });
    });
  });

  describe('wake-ups of a commit', () => {
    it('are as many as the committer asks for; the other children are due at once', async () => {
      const scene = await openScene(open);
      const children = ['c0', 'c1', 'c2', 'c3'].map((name) => scene.cast.hop(name));
      const outcome = await scene.commit(await scene.take('a'), children, { wakeUps: 1 });
      expect(outcome.wakeUps).toHaveLength(1);
      const entries = await scene.due();
      const woken = entries.map((entry) => (entry.kind === 'notify' ? entry.wakeUp.node.id : entry.kind));
      const expected = children.map((child) => child.id).filter((id) => id !== outcome.wakeUps[0]!.node.id);
      expect(woken.sort()).toEqual(expected.sort());
    });

    it('may be none at all', async () => {
      const scene = await openScene(open);
      const outcome = await scene.commit(await scene.take('a'), [scene.cast.hop('c0')], { wakeUps: 0 });
      expect(outcome.wakeUps).toEqual([]);
      expect((await scene.sweep()).wakeUps).toMatchObject([{ node: scene.cast.ref('c0') }]);
    });
  });
}
