import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { CommitCode, MAX_CHILDREN } from '../../../../libs/coordination/protocol/commits.ts';
import { DecideCode } from '../../../../libs/coordination/protocol/errors.ts';
import type { NodeSeed } from '../../../../libs/coordination/protocol/node.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { HOUR_MS, LEASE_MS, openScene, type Scene } from '../scene/scene.ts';

export function describeFallback(open: OpenCoordinator): void {
  describe('F10: a fallback', () => {
    it('F10: ends the hop as superseded and has its request parsed again, as its next epoch', async () => {
      const scene = await parsed(open, ['h']);
      await scene.fail('h');
      const decided = await fallBack(scene, 'h');
      expect(decided).toMatchObject({
        code: DecideCode.CONTINUE,
        action: 'fallback',
        repeated: false,
        gateTaken: false,
      });
      expect(decided.wakeUps).toMatchObject([{ kind: 'request', node: scene.cast.ref('r'), epoch: 1 }]);
      expect(await scene.node('h')).toMatchObject({ state: 'dead', deathReason: 'superseded' });
      expect(await scene.node('r')).toMatchObject({ state: 'pending', epoch: 1, attempts: 0, crashes: 0 });
      expect((await scene.claim('h')).code).toBe(ClaimCode.DUPLICATE_DONE);
    });

    it('F10: the request’s commit brings the hop back with its new body, makes new hops, and leaves the others', async () => {
      const scene = await parsed(open, ['h', 'fine', 'stays']);
      await scene.finish('fine');
      await scene.fail('h');
      await fallBack(scene, 'h');
      const again = [hop(scene, 'h', 'fresh'), hop(scene, 'fine', 'fresh'), hop(scene, 'new', 'first')];
      const committed = await scene.finish('r', again);
      expect(committed.gateLost).toBe(1);
      expect(committed.wakeUps.map((wakeUp) => wakeUp.node.id).sort()).toEqual(
        ['h', 'new'].map((name) => scene.cast.ref(name).id).sort(),
      );
      expect(await scene.node('h')).toMatchObject({ state: 'pending', body: 'fresh', epoch: 1, deathReason: '' });
      expect(await scene.node('fine')).toMatchObject({ state: 'done', body: 'stale', epoch: 0 });
      expect(await scene.node('stays')).toMatchObject({ state: 'pending', body: 'stale', epoch: 0 });
      expect(await scene.take('h')).toMatchObject({ attempts: 1, epoch: 1, body: 'fresh' });
    });

    it('F10: a hop that comes back staged gets its new body too', async () => {
      const scene = await parsed(open, ['h']);
      await scene.fail('h');
      await fallBack(scene, 'h');
      const holder = await scene.take('r');
      const children = [hop(scene, 'h', 'fresh')];
      await scene.coordinator.stageChildren({ node: scene.cast.ref('r'), token: holder.token, children });
      await scene.commit(holder, [], { staged: 1 });
      await scene.coordinator.childrenPump({ node: scene.cast.ref('r'), wakeUps: 1 });
      expect(await scene.node('h')).toMatchObject({ state: 'pending', body: 'fresh', epoch: 1 });
    });

    it('F10: nothing waits: if the new parse yields the hop no more, or dies, the run ends', async () => {
      const without = await parsed(open, ['h']);
      await without.fail('h');
      await fallBack(without, 'h');
      await without.finish('r');
      expect((await without.run()).state).toBe('closing');

      const dies = await parsed(open, ['h']);
      await dies.fail('h');
      await fallBack(dies, 'h');
      await dies.kill('r');
      expect((await dies.run()).state).toBe('closing');
      expect(await dies.node('h')).toMatchObject({ state: 'dead', deathReason: 'superseded' });
    });

    it('F10: a request that is open already is left as it is', async () => {
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.request('r')]);
      const [h, g] = [hop(scene, 'h', 'stale'), scene.cast.hop('g', { prefix: 'r', stepIdx: 2 })];
      await scene.finish('r', [h, g]);
      await scene.fail('h');
      await scene.fail('g');
      await fallBack(scene, 'h');
      const holder = await scene.take('r');
      const second = await fallBack(scene, 'g');
      expect(second.action).toBe('fallback');
      expect(second.wakeUps).toEqual([]);
      expect(await scene.node('r')).toEqual(holder);
      expect((await scene.commit(holder, [h, g])).code).toBe(CommitCode.COMMIT_OK);
      expect((await scene.node('g')).state).toBe('pending');
    });

    it('F10: a request that still moves its staged hops has been parsed: the hop is not left to it', async () => {
      const scene = await openScene(open);
      await scene.finish('a', [scene.cast.request('r')]);
      const holder = await scene.take('r');
      const hops = Array.from({ length: MAX_CHILDREN + 1 }, (_, index) => hop(scene, `h${index}`, 'stale'));
      const held = { node: scene.cast.ref('r'), token: holder.token };
      await scene.coordinator.stageChildren({ ...held, children: hops.slice(0, 1) });
      await scene.coordinator.stageChildren({ ...held, children: hops.slice(1) });
      await scene.commit(holder, [], { staged: hops.length });
      await scene.coordinator.childrenPump({ node: held.node, wakeUps: 0 });
      expect((await scene.node('r')).state).toBe('releasing');
      await scene.fail('h0');
      await fallBack(scene, 'h0');
      await scene.advance(HOUR_MS);
      await scene.sweep();
      // Either the hop is retried, or the request is parsed again and brings it back.
      if ((await scene.node('r')).state === 'pending') await scene.finish('r', hops.slice(0, 1));
      expect((await scene.node('h0')).state).toBe('pending');
    });

    it('F10: is repeated without effect', async () => {
      const scene = await parsed(open, ['h']);
      await scene.fail('h');
      await fallBack(scene, 'h', { epoch: 0 });
      const before = [await scene.node('h'), await scene.node('r')];
      const again = await fallBack(scene, 'h', { epoch: 0 });
      expect(again).toMatchObject({ code: DecideCode.CONTINUE, action: 'fallback', repeated: true });
      expect([await scene.node('h'), await scene.node('r')]).toEqual(before);
    });

    it('F10: happens once per step and request; then the error goes the ordinary way', async () => {
      const scene = await parsed(open, ['h']);
      await scene.fail('h');
      await fallBack(scene, 'h');
      await scene.finish('r', [hop(scene, 'h', 'fresh')]);
      await scene.fail('h');
      const second = await fallBack(scene, 'h');
      expect(second).toMatchObject({ code: DecideCode.RETRY_AFTER, action: 'retry', gateTaken: true });
      expect((await scene.node('r')).state).toBe('done');
    });

    it('F10: of another step of the same request has a gate of its own', async () => {
      const scene = await openScene(open, { first: ['a', 'keep'] });
      await scene.finish('a', [scene.cast.request('r')]);
      const one = scene.cast.hop('one', { prefix: 'r', stepIdx: 1 });
      const two = scene.cast.hop('two', { prefix: 'r', stepIdx: 2 });
      await scene.finish('r', [one, two]);
      await scene.fail('one');
      expect((await fallBack(scene, 'one')).action).toBe('fallback');
      await scene.finish('r', [one]);
      await scene.fail('two');
      expect((await fallBack(scene, 'two')).action).toBe('fallback');
    });

    it('F21: is no error: no threshold counts it', async () => {
      const scene = await parsed(open, ['h']);
      await scene.fail('h');
      const decided = await fallBack(scene, 'h', { moduleThreshold: { errors: 1 }, taskThreshold: { errors: 1 } });
      expect(decided.action).toBe('fallback');
      expect(await scene.module()).toMatchObject({ errors: 0, state: 'open' });
    });

    it('F10: does not happen when the request is dead, unknown, or in a closed phase', async () => {
      const dead = await parsed(open, ['h', 'g']);
      await dead.fail('h');
      await dead.fail('g');
      await fallBack(dead, 'h');
      await dead.kill('r');
      expect((await fallBack(dead, 'g')).action).toBe('retry');

      const unknown = await parsed(open, ['h']);
      await unknown.fail('h');
      unknown.cast.request('nobody');
      const decided = await unknown.decide('h', { fallback: { request: unknown.cast.ref('nobody') } });
      expect(decided.action).toBe('retry');

      const closed = await openScene(open, { phases: [{}, {}] });
      await closed.finish('a', [closed.cast.request('r')]);
      await closed.finish('r', [closed.cast.hop('h', { prefix: 'r', phase: 1 })]);
      await closed.fail('h');
      expect((await fallBack(closed, 'h')).action).toBe('retry');
      expect((await closed.node('r')).state).toBe('done');
    });

    it('F10: that did not apply leaves its gate unused', async () => {
      const scene = await parsed(open, ['h']);
      await scene.fail('h');
      scene.cast.request('nobody');
      await scene.decide('h', { fallback: { request: scene.cast.ref('nobody') }, retryDelayMs: 0 });
      await scene.sweep();
      await scene.fail('h');
      expect((await fallBack(scene, 'h')).action).toBe('fallback');
    });

    it('F10: a join does not count a superseded hop among the dead', async () => {
      const scene = await openScene(open, { phases: [{ join: { kind: 'failFast' } }, { opener: 'join' }] });
      await scene.finish('a', [scene.cast.request('r')]);
      await scene.finish('r', [hop(scene, 'h', 'stale')]);
      await scene.fail('h');
      await fallBack(scene, 'h');
      await scene.finish('r');
      expect(await scene.module()).toMatchObject({ state: 'open', currentPhase: 1 });
    });

    it('F10: the hop that came back is not handed over: it was not created', async () => {
      const scene = await parsed(open, ['h']);
      await scene.fail('h');
      await fallBack(scene, 'h');
      const handOver = { owner: 'next', leaseMs: LEASE_MS };
      const outcome = await scene.commit(await scene.take('r'), [hop(scene, 'h', 'fresh')], { handOver });
      expect(outcome.next).toBeUndefined();
      expect(outcome.wakeUps).toMatchObject([{ node: scene.cast.ref('h'), epoch: 1 }]);
    });
  });
}

/** A run in which the request `r` was parsed once and yielded these hops, with a body of `stale`. */
async function parsed(open: OpenCoordinator, hops: readonly string[]): Promise<Scene> {
  const scene = await openScene(open);
  await scene.finish('a', [scene.cast.request('r')]);
  const children = hops.map((name) => hop(scene, name, 'stale'));
  await scene.finish('r', children);
  return scene;
}

function hop(scene: Scene, name: string, body: string): NodeSeed {
  return scene.cast.hop(name, { prefix: 'r', stepIdx: 1, body });
}

function fallBack(scene: Scene, name: string, overrides: Parameters<Scene['decide']>[1] = {}) {
  return scene.decide(name, { fallback: { request: scene.cast.ref('r') }, ...overrides });
}
