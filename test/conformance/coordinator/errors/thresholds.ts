import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../../../libs/coordination/protocol/claims.ts';
import { DecideCode, type DecideCommand } from '../../../../libs/coordination/protocol/errors.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { NEVER, openScene, type Scene } from '../scene/scene.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

export function describeThresholds(open: OpenCoordinator): void {
  describe('a threshold', () => {
    it('TERMINATE_MODULE at an absolute number of errors, inclusive: the module is marked and its nodes end', async () => {
      const scene = await openScene(open, { first: NAMES }, { moduleId: 'n', first: ['x'] });
      const two = { moduleThreshold: { errors: 2 } };
      expect((await failAndDecide(scene, 'a', two)).code).toBe(DecideCode.RETRY_AFTER);
      const tripped = await failAndDecide(scene, 'b', two);
      expect(tripped).toMatchObject({ code: DecideCode.TERMINATE_MODULE, action: 'terminated', repeated: false });
      expect(await scene.module()).toMatchObject({ state: 'terminated', errors: 2, executions: 2 });
      expect(await scene.node('b')).toMatchObject({ state: 'dead', deathReason: 'terminated' });
      expect((await scene.claim('c')).code).toBe(ClaimCode.TERMINATED);
      expect((await scene.claim('x')).code).toBe(ClaimCode.EXECUTE);
      await scene.sweep();
      expect(await scene.phase(0)).toMatchObject({ dead: NAMES.length, open: 0 });
      expect((await scene.run()).state).toBe('open');
    });

    it('TERMINATE_TASK counts over all modules, and marks the run', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] }, { moduleId: 'n', first: ['x'] });
      const two = { taskThreshold: { errors: 2 } };
      expect((await failAndDecide(scene, 'a', two)).code).toBe(DecideCode.RETRY_AFTER);
      expect((await failAndDecide(scene, 'x', two)).code).toBe(DecideCode.TERMINATE_TASK);
      expect((await scene.run()).mark).toBe('terminated');
      expect(await scene.node('x')).toMatchObject({ state: 'dead', deathReason: 'terminated' });
      expect((await scene.claim('b')).code).toBe(ClaimCode.TERMINATED);
      await scene.sweep({ settles: false });
      expect((await scene.node('b')).deathReason).toBe('terminated');
      expect((await scene.run()).state).toBe('closing');
    });

    it('looks at the module before the task', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      const both = { moduleThreshold: { errors: 1 }, taskThreshold: { errors: 1 } };
      expect((await failAndDecide(scene, 'a', both)).code).toBe(DecideCode.TERMINATE_MODULE);
      expect((await scene.run()).mark).toBe('');
    });

    it('of the task counts over what the task has counted beside the run; that of the module does not', async () => {
      const scene = await openScene(open, { first: NAMES });
      const beside = { executions: 3, errors: 2 };
      const both = { moduleThreshold: { errors: 3 }, taskThreshold: { errors: 4 }, beside };
      expect((await failAndDecide(scene, 'a', both)).code).toBe(DecideCode.RETRY_AFTER);
      expect((await failAndDecide(scene, 'b', both)).code).toBe(DecideCode.TERMINATE_TASK);
      expect(await scene.run()).toMatchObject({
        mark: 'terminated',
        reason: 'threshold: 4 errors in 5 executions of its task',
      });
    });

    it('of the task, as a rate, looks at the executions of all its runs', async () => {
      const scene = await openScene(open, { first: NAMES });
      const rate = { taskThreshold: { rate: 0.5, minExecutions: 4 } };
      const mostlyDone = { ...rate, beside: { executions: 9, errors: 1 } };
      expect((await failAndDecide(scene, 'a', { ...rate, beside: { executions: 2, errors: 2 } })).action).toBe('retry');
      expect((await failAndDecide(scene, 'b', mostlyDone)).action).toBe('retry');
      const mostlyFailed = { ...rate, beside: { executions: 2, errors: 1 } };
      expect((await failAndDecide(scene, 'c', mostlyFailed)).code).toBe(DecideCode.TERMINATE_TASK);
    });

    it('F21: as a rate needs a minimum of executions, counts the present one, and is inclusive', async () => {
      const scene = await openScene(open, { first: NAMES });
      const half = { moduleThreshold: { rate: 0.5, minExecutions: 4 } };
      await scene.finish('a');
      expect((await failAndDecide(scene, 'b', half)).code).toBe(DecideCode.RETRY_AFTER);
      await scene.finish('c');
      expect(await scene.module()).toMatchObject({ executions: 3, errors: 1 });
      const tripped = await failAndDecide(scene, 'd', half);
      expect(await scene.module()).toMatchObject({ executions: 4, errors: 2 });
      expect(tripped.code).toBe(DecideCode.TERMINATE_MODULE);
    });

    it('F21: a few errors in many executions end nothing', async () => {
      const scene = await openScene(open, { first: NAMES });
      const half = { moduleThreshold: { rate: 0.5, minExecutions: 2 }, taskThreshold: { rate: 0.5, minExecutions: 2 } };
      for (const name of ['a', 'b', 'c']) await scene.finish(name);
      for (const name of ['d', 'e']) expect((await failAndDecide(scene, name, half)).action).toBe('retry');
      expect((await failAndDecide(scene, 'f', half)).code).toBe(DecideCode.TERMINATE_MODULE);
    });

    it('counts decisions only: a failure that was never decided, a crash and a repeated decision are none', async () => {
      const scene = await openScene(open, { first: NAMES });
      await scene.fail('a');
      await scene.take('b');
      await scene.advance(3_600_000);
      await scene.sweep();
      expect((await scene.module()).errors).toBe(0);
      await scene.decide('a', { epoch: 0 });
      await scene.decide('a', { epoch: 0, moduleThreshold: { errors: 1 } });
      expect(await scene.module()).toMatchObject({ errors: 1, executions: 1, state: 'open' });
    });

    it('that tripped answers the same again for the node that tripped it, and none for the others', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c'] });
      await scene.fail('a');
      await scene.fail('b');
      const one = { moduleThreshold: { errors: 1 } };
      expect((await scene.decide('a', one)).code).toBe(DecideCode.TERMINATE_MODULE);
      const again = await scene.decide('a', one);
      expect(again).toMatchObject({ code: DecideCode.TERMINATE_MODULE, action: 'terminated', repeated: true });
      expect((await scene.decide('b', one)).action).not.toBe('retry');
      await scene.sweep();
      expect(await scene.node('b')).toMatchObject({ state: 'dead', deathReason: 'terminated' });
    });

    it('trips on the last open node of the run: it is closing at once', async () => {
      const scene = await openScene(open);
      await failAndDecide(scene, 'a', { moduleThreshold: { errors: 1 } });
      expect((await scene.run()).state).toBe('closing');
    });
  });
}

async function failAndDecide(scene: Scene, name: string, thresholds: Partial<DecideCommand>) {
  await scene.fail(name);
  return scene.decide(name, { moduleThreshold: NEVER, taskThreshold: NEVER, ...thresholds });
}
