import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import type { JoinPolicy } from '../../../../libs/coordination/protocol/runs.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { LEASE_MS, openScene } from '../scene/scene.ts';

export function describePhases(open: OpenCoordinator): void {
  describe('phases', () => {
    it('the next one opens with the last commit of this one, in the same step, and its opener is notified', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      expect(await scene.exists('join')).toBe(false);
      const { wakeUps } = await scene.finish('b');
      expect(wakeUps).toMatchObject([{ kind: 'parser_task', node: scene.cast.ref('join'), epoch: 0 }]);
      expect(await scene.module()).toMatchObject({ currentPhase: 1, state: 'open' });
      expect(await scene.phase(0)).toMatchObject({ closed: 'settled', done: 2, open: 0 });
    });

    it('nodes that wait for their retry or their decision hold the join back', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      await scene.finish('a');
      await scene.fail('b');
      expect((await scene.module()).currentPhase).toBe(0);
      await scene.decide('b');
      expect((await scene.module()).currentPhase).toBe(0);
      await scene.advance(5_000);
      await scene.sweep();
      await scene.finish('b');
      expect((await scene.module()).currentPhase).toBe(1);
    });

    it('a child in this phase keeps it open', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await scene.finish('a', [scene.cast.hop('child')]);
      expect((await scene.module()).currentPhase).toBe(0);
      await scene.finish('child');
      expect((await scene.module()).currentPhase).toBe(1);
    });

    it('F17: a hop for a later phase is counted there, not due before it opens, and due at once then', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{}, { opener: 'join' }] });
      const { wakeUps } = await scene.finish('a', [scene.cast.hop('later', { phase: 1 })]);
      expect(wakeUps).toEqual([]);
      expect(await scene.phase(1)).toMatchObject({ created: 1, open: 1 });
      await scene.advance(10 * 3_600_000);
      expect((await scene.sweep()).wakeUps.map((wakeUp) => wakeUp.node.id)).not.toContain(scene.cast.ref('later').id);
      await scene.finish('b');
      const woken = (await scene.sweep()).wakeUps.map((wakeUp) => wakeUp.node.id);
      expect(woken).toContain(scene.cast.ref('later').id);
    });

    it('F17: a phase without an opener starts with the hops that were yielded for it', async () => {
      const scene = await openScene(open, { phases: [{}, {}] });
      await scene.finish('a', [scene.cast.hop('later', { phase: 1 })]);
      expect((await scene.module()).currentPhase).toBe(1);
      expect((await scene.sweep()).wakeUps).toMatchObject([{ node: scene.cast.ref('later') }]);
      expect((await scene.claim('later')).code).toBe(ClaimCode.EXECUTE);
    });

    it('F17: a hop may skip a phase', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }, {}] });
      await scene.finish('a', [scene.cast.hop('far', { phase: 2 })]);
      expect((await scene.claim('far')).code).toBe(ClaimCode.LOCKED_BY_OTHER);
      await scene.finish('join');
      expect((await scene.claim('far')).code).toBe(ClaimCode.EXECUTE);
    });

    it('F17: phases that open empty close at once, to the end of the module and the run', async () => {
      const scene = await openScene(open, { phases: [{}, {}, {}] });
      await scene.finish('a');
      expect(await scene.module()).toMatchObject({ state: 'done', currentPhase: 3 });
      expect((await scene.run()).state).toBe('closing');
    });

    it('an opener that a hop has created already is one node, and runs once', async () => {
      const scene = await openScene(open, { phases: [{}, { opener: 'join' }] });
      await scene.finish('a', [scene.cast.seed('join')]);
      expect(await scene.phase(1)).toMatchObject({ created: 1, open: 1 });
      await scene.finish('join');
      expect((await scene.run()).state).toBe('closing');
    });

    it('the run ends when the last module does', async () => {
      const scene = await openScene(open, { first: ['a'] }, { moduleId: 'n', first: ['x'] });
      await scene.finish('a');
      expect(await scene.module()).toMatchObject({ state: 'done' });
      expect((await scene.run()).state).toBe('open');
      await scene.finish('x');
      expect((await scene.run()).state).toBe('closing');
    });

    it('64 commits at once that empty a phase fire one join', async () => {
      const names = Array.from({ length: 64 }, (_, index) => `a${index}`);
      const scene = await openScene(open, { first: names, phases: [{}, { opener: 'join' }] });
      const { coordinator } = scene.harness;
      const claims = names
        .map((name) => scene.cast.ref(name))
        .map((node) =>
          coordinator.claim({
            node,
            epoch: 0,
            owner: node.id,
            stage: 'module-processor',
            leaseMs: LEASE_MS,
            alone: false,
          }),
        );
      const holders = (await Promise.all(claims)).map((outcome) => outcome.node!);
      const commits = await Promise.all(
        holders.map((node) =>
          coordinator.commitSuccess({ node, token: node.token, children: [], staged: 0, wakeUps: 1 }),
        ),
      );
      expect(commits.flatMap((outcome) => outcome.wakeUps)).toMatchObject([{ node: scene.cast.ref('join') }]);
      expect(await scene.phase(0)).toMatchObject({ done: 64, closed: 'settled' });
      expect(await scene.phase(1)).toMatchObject({ created: 1 });
    });
  });

  describe('join policies', () => {
    it('settle: the next phase runs whatever died', async () => {
      expect(await joinAfter(open, { kind: 'settle' }, { dead: 3, done: 0 })).toBe('open');
    });

    it('failFast: one dead node ends the module when the phase empties', async () => {
      expect(await joinAfter(open, { kind: 'failFast' }, { dead: 0, done: 2 })).toBe('open');
      expect(await joinAfter(open, { kind: 'failFast' }, { dead: 1, done: 2 })).toBe('join_failed');
    });

    it('threshold by number: at most so many dead', async () => {
      expect(await joinAfter(open, { kind: 'threshold', maxDead: 1 }, { dead: 1, done: 0 })).toBe('open');
      expect(await joinAfter(open, { kind: 'threshold', maxDead: 1 }, { dead: 2, done: 9 })).toBe('join_failed');
    });

    it('threshold by rate: of what the phase created', async () => {
      const policy = { kind: 'threshold', maxDeadRate: 0.5 } as const;
      expect(await joinAfter(open, policy, { dead: 2, done: 2 })).toBe('open');
      expect(await joinAfter(open, policy, { dead: 3, done: 2 })).toBe('join_failed');
    });

    it('a failed join ends what waits for later phases, and the run', async () => {
      const scene = await openScene(open, { first: ['a', 'b'], phases: [{ join: { kind: 'failFast' } }, {}] });
      await scene.finish('a', [scene.cast.hop('later', { phase: 1 })]);
      await scene.kill('b');
      expect(await scene.module()).toMatchObject({ state: 'terminated', reason: 'join_failed', currentPhase: 0 });
      expect((await scene.claim('later')).code).toBe(ClaimCode.TERMINATED);
      await scene.sweep({ settles: false });
      expect(await scene.node('later')).toMatchObject({ state: 'dead', deathReason: 'terminated' });
      expect((await scene.run()).state).toBe('closing');
    });
  });
}

/** What becomes of a module with so many dead and done nodes in its first phase: still open, or the reason of its end. */
async function joinAfter(open: OpenCoordinator, join: JoinPolicy, nodes: { dead: number; done: number }) {
  const dead = Array.from({ length: nodes.dead }, (_, index) => `dead${index}`);
  const done = Array.from({ length: nodes.done }, (_, index) => `done${index}`);
  const scene = await openScene(open, { first: [...dead, ...done], phases: [{ join }, { opener: 'join' }] });
  for (const name of dead) await scene.kill(name);
  for (const name of done) await scene.finish(name);
  const module = await scene.module();
  expect(await scene.exists('join')).toBe(module.state === 'open');
  return module.state === 'open' ? 'open' : module.reason;
}
