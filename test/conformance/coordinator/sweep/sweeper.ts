import { describe, expect, it } from 'vitest';
import { RecoverCode } from '../../../../libs/coordination/protocol/claims.ts';
import { DrainCode } from '../../../../libs/coordination/protocol/phases.ts';
import { type DueEntry, MAX_ENDS } from '../../../../libs/coordination/protocol/sweep.ts';
import type { OpenCoordinator } from '../scene/harness.ts';
import { HOUR_MS, heldBy, LEASE_MS, openScene, Scene } from '../scene/scene.ts';

/** More than one look answers. */
const ENDS_PER_SHARD = 2 * MAX_ENDS;

export function describeSweeper(open: OpenCoordinator): void {
  describe('the sweeper', () => {
    it('is told of a node whose wake-up was lost', async () => {
      const scene = await openScene(open);
      await scene.due();
      await scene.advance(scene.harness.policy.dispatchGraceMs);
      expect(await woken(scene)).toEqual([scene.cast.ref('a').id]);
    });

    it('is as late as what it could have taken has been due, and what is paused does not count', async () => {
      const scene = await openScene(open);
      const overdueMs = () => scene.harness.coordinator.oldestOverdueMs();
      await scene.due();
      const { dueAtMs } = await scene.node('a');
      await scene.advance(dueAtMs - scene.harness.now());
      expect(await overdueMs()).toBe(0);
      await scene.advance(12_345);
      expect(await overdueMs()).toBe(12_345);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'pause' });
      await scene.due();
      expect(await overdueMs()).toBe(0);
      await scene.coordinator.runControl({ runId: scene.runId, action: 'resume' });
      await scene.sweep();
      expect(await overdueMs()).toBe(0);
    });

    it('notifies a hop, a request, a retry and an overdue failure each by its own kind', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c', 'd'] });
      await scene.finish('a', [scene.cast.request('r')]);
      await scene.fail('b');
      await scene.fail('c');
      await scene.decide('c', { retryDelayMs: 1 });
      await scene.advance(HOUR_MS);
      const kinds = new Map((await scene.sweep()).wakeUps.map((wakeUp) => [wakeUp.node.id, wakeUp.kind]));
      const kindOf = (name: string) => kinds.get(scene.cast.ref(name).id);
      expect([kindOf('r'), kindOf('b'), kindOf('c'), kindOf('d')]).toEqual([
        'request',
        'error',
        'error_task',
        'parser_task',
      ]);
    });

    it('F13: waits twice as long after each wake-up, at most an hour', async () => {
      const scene = await openScene(open);
      const { dispatchGraceMs } = scene.harness.policy;
      for (let wakeUps = 1; wakeUps <= 12; wakeUps++) {
        const { dueAtMs } = await scene.node('a');
        await scene.advance(Math.max(0, dueAtMs - scene.harness.now()));
        expect(await woken(scene)).toHaveLength(1);
        const node = await scene.node('a');
        const wait = Math.min(dispatchGraceMs * 2 ** (wakeUps - 1), HOUR_MS);
        expect(node).toMatchObject({ dispatches: wakeUps, dueAtMs: scene.harness.now() + wait });
        expect(await woken(scene)).toEqual([]);
      }
    });

    it('gives each wake-up of a node another message id', async () => {
      const scene = await openScene(open);
      const ids: string[] = [];
      const note = (entries: readonly DueEntry[]) => {
        for (const entry of entries)
          if (entry.kind === 'notify') ids.push(`${entry.wakeUp.epoch}:${entry.wakeUp.dispatch}`);
      };
      for (let look = 0; look < 3; look++) {
        await scene.advance(HOUR_MS);
        note(await scene.due());
      }
      await scene.fail('a');
      await scene.decide('a', { retryDelayMs: 0 });
      for (let look = 0; look < 3; look++) {
        await scene.advance(HOUR_MS);
        note(await scene.due());
      }
      expect(ids).toHaveLength(6);
      expect(new Set(ids).size).toBe(6);
    });

    it('F3: a sweeper that dies after due_take loses nothing, whatever it had taken', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c', 'd'] });
      await scene.take('a');
      await scene.fail('b');
      await scene.fail('c');
      await scene.decide('c');
      const releasing = await scene.take('d');
      await scene.coordinator.stageChildren({ ...heldBy(releasing), children: [scene.cast.hop('child')] });
      await scene.commit(releasing, [], { staged: 1 });
      await scene.advance(HOUR_MS);
      const first = await taken(scene);
      expect(first).toHaveLength(4);
      await scene.advance(HOUR_MS);
      expect(await taken(scene)).toEqual(first);
    });

    it('F4: a retry whose time has come is pending, and a claim wins it', async () => {
      const scene = await openScene(open);
      await scene.fail('a');
      await scene.decide('a', { retryDelayMs: 9_000 });
      await scene.advance(8_999);
      expect(await scene.due()).toEqual([]);
      await scene.advance(1);
      expect(await scene.due()).toMatchObject([{ kind: 'notify', wakeUp: { kind: 'error_task', epoch: 1 } }]);
      expect(await scene.take('a')).toMatchObject({ attempts: 2, epoch: 1 });
    });

    it('is told to recover a node whose lease ran out, not before', async () => {
      const scene = await openScene(open);
      await scene.take('a');
      await scene.advance(LEASE_MS - 1);
      expect(await scene.due()).toEqual([]);
      await scene.advance(1);
      expect(await scene.due()).toEqual([{ kind: 'recover', node: scene.cast.ref('a'), isFetched: false }]);
    });

    it('two of them that took the same node recover it once', async () => {
      const scene = await openScene(open);
      await scene.take('a');
      await scene.advance(LEASE_MS);
      const node = scene.cast.ref('a');
      const both = [1, 2].map(() => scene.harness.coordinator.recoverZombie({ node, crashBudget: 3 }));
      const codes = (await Promise.all(both)).map((outcome) => outcome.code);
      expect(codes.sort()).toEqual([RecoverCode.RECOVERED, RecoverCode.NOT_PROCESSING]);
      expect((await scene.node('a')).crashes).toBe(1);
    });

    it('takes no more than its limit, and says that there is more', async () => {
      const names = Array.from({ length: 25 }, (_, index) => `a${index}`);
      const scene = await openScene(open, { first: names });
      await scene.advance(HOUR_MS);
      const seen = new Set<string>();
      for (let look = 0; look < 3; look++) {
        for (const entry of await scene.due(10)) {
          if (entry.kind === 'notify') seen.add(entry.wakeUp.node.id);
        }
      }
      expect(seen.size).toBe(25);
      await scene.advance(HOUR_MS);
      const outcomes = [];
      for (let shard = 0; shard < scene.harness.shards; shard++) {
        outcomes.push(await scene.coordinator.dueTake({ shard, limit: 10 }));
      }
      expect(outcomes.flatMap((outcome) => outcome.entries)).toHaveLength(10);
      expect(outcomes.some((outcome) => outcome.more)).toBe(true);
    });

    it('K2: is told of deadlines before all else, and of few ends of runs at once, however many wait', async () => {
      const late = await openScene(open, { phases: [{ deadlineInMs: 60_000 }] });
      const { harness } = late;
      const ends = ENDS_PER_SHARD * harness.shards;
      for (let run = 0; run < ends; run++) {
        const scene = new Scene(harness);
        await scene.runOpen();
        await scene.finish('a');
      }
      // By their times the ends would come first.
      await late.advance(60_000);
      const looks: (readonly DueEntry['kind'][])[] = [];
      for (let shard = 0; shard < harness.shards; shard++) {
        const { entries } = await harness.coordinator.dueTake({ shard, limit: 500 });
        looks.push(entries.map(({ kind }) => kind));
      }
      for (const kinds of looks) expect(kinds.filter((kind) => kind === 'settle').length).toBeLessThanOrEqual(MAX_ENDS);
      const kinds = looks.find((each) => each.includes('deadline'))!;
      expect(kinds).toContain('settle');
      expect(kinds.indexOf('deadline')).toBeLessThan(kinds.indexOf('settle'));
    });

    it('sees every open node sooner or later: what is due is what is open', async () => {
      const scene = await openScene(open, { first: ['a', 'b', 'c'] });
      await scene.finish('a', [scene.cast.request('r'), scene.cast.hop('h')]);
      await scene.take('b');
      await scene.fail('h');
      await scene.advance(HOUR_MS);
      const open_ = ['b', 'c', 'h', 'r'].map((name) => scene.cast.ref(name).id);
      expect((await taken(scene)).map((entry) => entry.split(' ')[1]).sort()).toEqual(open_.sort());
    });
  });

  describe('a drain', () => {
    it('F6: ends every node of a marked scope in bounded batches, each with its reason', async () => {
      const names = Array.from({ length: 25 }, (_, index) => `a${index}`);
      const scene = await openScene(open, { first: names });
      await scene.take('a0');
      await scene.fail('a1');
      await scene.coordinator.terminateMark({ runId: scene.runId, moduleId: 'm', reason: 'operator' });
      const scope = { runId: scene.runId, moduleId: 'm', phase: 0, limit: 10 };
      const ended = [];
      for (let batch = 0; batch < 3; batch++) ended.push(await scene.coordinator.scopeDrain(scope));
      expect(ended.map((outcome) => outcome.ended)).toEqual([10, 10, 5]);
      expect(ended[0]).toMatchObject({ code: DrainCode.DRAINED, more: true });
      expect((await scene.coordinator.scopeDrain(scope)).code).toBe(DrainCode.NOTHING_TO_DRAIN);
      expect(await scene.phase(0)).toMatchObject({ dead: 25, open: 0 });
      expect((await scene.node('a0')).deathReason).toBe('terminated');
      expect((await scene.run()).state).toBe('closing');
    });

    it('F6: comes to the sweeper again until it is done', async () => {
      const scene = await openScene(open, { first: ['a', 'b'] });
      await scene.coordinator.runControl({ runId: scene.runId, action: 'cancel' });
      const drain = { kind: 'drain', runId: scene.runId, moduleId: 'm', phase: 0 };
      expect(await scene.due()).toContainEqual(drain);
      await scene.coordinator.scopeDrain({ runId: scene.runId, moduleId: 'm', phase: 0, limit: 1 });
      await scene.advance(HOUR_MS);
      expect(await scene.due()).toContainEqual(drain);
      await scene.sweep();
      expect((await scene.run()).state).toBe('closed');
    });

    it('NOTHING_TO_DRAIN in a scope that bears no mark', async () => {
      const scene = await openScene(open);
      const drained = await scene.coordinator.scopeDrain({ runId: scene.runId, moduleId: 'm', phase: 0, limit: 10 });
      expect(drained).toMatchObject({ code: DrainCode.NOTHING_TO_DRAIN, ended: 0, more: false });
      expect((await scene.node('a')).state).toBe('pending');
    });
  });
}

/** Takes what is due as `kind id`, sorted. */
async function taken(scene: Scene): Promise<string[]> {
  const entries = await scene.due();
  return entries.map((entry) => `${entry.kind} ${idOf(entry)}`).sort();
}

async function woken(scene: Scene): Promise<string[]> {
  return (await scene.due()).map(idOf);
}

function idOf(entry: DueEntry): string {
  if (entry.kind === 'notify') return entry.wakeUp.node.id;
  return 'node' in entry ? entry.node.id : entry.runId;
}
