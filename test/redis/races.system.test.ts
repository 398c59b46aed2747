/** Many processes at once on one Redis: who wins is open, that one wins is not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClaimCode, RecoverCode } from '../../libs/coordination/protocol/claims.ts';
import { CommitCode } from '../../libs/coordination/protocol/commits.ts';
import type { RedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { heldBy, LEASE_MS, openScene, type Scene } from '../conformance/coordinator/scene/scene.ts';
import { checkInvariants } from '../conformance/coordinator/watch/invariants.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { connectTo, openRedisHarness, type RedisHarness } from './harness.ts';

const CLAIMERS = 64;
const CONNECTIONS = 8;
const ROUNDS = 20;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

interface Race {
  readonly scene: Scene;
  readonly processes: readonly RedisCoordinator[];
  readonly names: readonly string[];
}

/** A run with a node per round, and so many processes that know nothing of each other. */
async function openRace(processes: number): Promise<Race> {
  const names = Array.from({ length: ROUNDS }, (_, round) => `n${round}`);
  let harness: RedisHarness | undefined;
  const scene = await openScene(
    async () => {
      harness = await openRedisHarness(() => connectTo(server.port));
      return harness;
    },
    { first: names },
  );
  return { scene, names, processes: await Promise.all(Array.from({ length: processes }, () => harness!.another())) };
}

describe('races', () => {
  it(`of ${CLAIMERS} claimers on ${CONNECTIONS} connections one executes`, async () => {
    const { scene, processes, names } = await openRace(CONNECTIONS);
    for (const name of names) {
      const node = scene.cast.ref(name);
      const claims = Array.from({ length: CLAIMERS }, (_, index) => {
        const owner = `${name}-${index}`;
        const claim = { node, epoch: 0, owner, stage: 'module-processor', leaseMs: LEASE_MS, alone: false } as const;
        return processes[index % CONNECTIONS]!.claim(claim);
      });
      const outcomes = await Promise.all(claims);
      const winners = outcomes.filter(({ code }) => code === ClaimCode.EXECUTE);
      expect(winners).toHaveLength(1);
      expect(outcomes.filter(({ code }) => code === ClaimCode.LOCKED_BY_OTHER)).toHaveLength(CLAIMERS - 1);
      const { token, owner, attempts } = await scene.node(name);
      expect({ token, owner, attempts }).toEqual({ token: winners[0]!.node!.token, owner, attempts: 1 });
    }
  });

  it('of a commit and a recovery at the same time one wins, and the node is what the winner made of it', async () => {
    const { scene, processes, names } = await openRace(2);
    const [one, other] = processes as [RedisCoordinator, RedisCoordinator];
    const wins = { commit: 0, recovery: 0 };
    for (const [round, name] of names.entries()) {
      const node = scene.cast.ref(name);
      const claim = {
        node,
        epoch: 0,
        owner: name,
        stage: 'module-processor',
        leaseMs: LEASE_MS,
        alone: false,
      } as const;
      const holder = (await one.claim(claim)).node!;
      await scene.advance(LEASE_MS);
      const child = scene.cast.hop(`child of ${name}`);
      const commit = () => one.commitSuccess({ ...heldBy(holder), children: [child], staged: 0, wakeUps: 1 });
      const recover = () => other.recoverZombie({ node, crashBudget: 3 });
      // The one that is sent first has the better chances: each in turn.
      const first = round % 2 === 0 ? commit() : undefined;
      const recovery = recover();
      const [committed, recovered] = await Promise.all([first ?? commit(), recovery]);
      const isCommitted = committed.code === CommitCode.COMMIT_OK;
      expect(isCommitted).not.toBe(recovered.code === RecoverCode.RECOVERED);
      expect((await scene.node(name)).state).toBe(isCommitted ? 'done' : 'pending');
      expect(await scene.exists(`child of ${name}`)).toBe(isCommitted);
      wins[isCommitted ? 'commit' : 'recovery'] += 1;
    }
    await checkInvariants(one, scene.runId);
    expect(wins.commit * wins.recovery, 'each won at least once').toBeGreaterThan(0);
  });

  it('of a run opened by eight processes at once one opens it, and its first hop is there once', async () => {
    const { scene, processes } = await openRace(CONNECTIONS);
    const runId = `${scene.runId}-again`;
    const first = [{ ...scene.cast.seed('n0'), id: `${runId}.first` }];
    const open = { runId, modules: [{ moduleId: 'm', phases: [{ join: { kind: 'settle' as const } }], first }] };
    const outcomes = await Promise.all(processes.map((process) => process.runOpen(open)));
    expect(outcomes.map(({ code }) => code).sort()).toEqual([0, ...Array.from({ length: CONNECTIONS - 1 }, () => 1)]);
    expect((await processes[0]!.findRun(runId))?.modules[0]?.phases[0]?.created).toBe(1);
  });

  it('of sweepers that look at once each due node is notified by one', async () => {
    const { scene, processes, names } = await openRace(CONNECTIONS);
    await scene.advance(LEASE_MS);
    const looks = processes.flatMap((process) =>
      Array.from({ length: scene.harness.shards }, (_, shard) => process.dueTake({ shard, limit: 100 })),
    );
    const entries = (await Promise.all(looks)).flatMap((look) => look.entries);
    const rung = entries.flatMap((entry) =>
      entry.kind === 'notify' && entry.wakeUp.node.runId === scene.runId ? [entry.wakeUp.node.id] : [],
    );
    expect(rung.sort()).toEqual(names.map((name) => scene.cast.ref(name).id).sort());
  });
});
