/** Connections that break, scripts that are forgotten, a Redis that restarts, hangs or is gone. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CommitCode } from '../../libs/coordination/protocol/commits.ts';
import type { ChainNode, NodeSeed } from '../../libs/coordination/protocol/node.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import { heldBy, LEASE_MS, openScene, type Scene } from '../conformance/coordinator/scene/scene.ts';
import { checkInvariants } from '../conformance/coordinator/watch/invariants.ts';
import { viewRun } from '../conformance/coordinator/watch/reading.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import { everyCall } from './every-call.ts';
import { connectTo, openRedisHarness } from './harness.ts';

let server: RedisServer;
let proxy: CuttingProxy;
beforeAll(async () => {
  server = await startRedisServer({ appendonly: true });
  proxy = await startCuttingProxy(server.port);
});
afterAll(async () => {
  await proxy?.close();
  await server?.stop();
});

const directly = () => openRedisHarness(() => connectTo(server.port));
const throughProxy = () => openRedisHarness(() => connectTo(proxy.port));

describe('a Redis that forgets its scripts', () => {
  it('gets them again with the next call, in the middle of a run', async () => {
    const scene = await openScene(directly, { phases: [{}, { opener: 'join' }] });
    const admin = connectTo(server.port);
    onTestFinished(() => admin.disconnect());
    const holder = await scene.take('a');
    await admin.script('FLUSH');
    expect((await scene.commit(holder, [scene.cast.hop('b')])).code).toBe(CommitCode.COMMIT_OK);
    await admin.script('FLUSH');
    await Promise.all([scene.finish('b'), admin.script('FLUSH')]);
    await scene.finish('join');
    await scene.sweep();
    expect((await scene.run()).state).toBe('closed');
  });
});

describe('a connection that is cut with an answer on the way', () => {
  /** Each is sent twice by the client, and done once: its answer is that of a first call, or of its repetition. */
  const CALLS: readonly (readonly [string, (scene: Scene, holder: ChainNode) => Promise<unknown>, object])[] = [
    [
      'a commit',
      // Not watched: what the watcher would see is the answer to the second call.
      (scene, holder) =>
        scene.harness.coordinator.commitSuccess({
          ...heldBy(holder),
          ...{ children: [scene.cast.hop('b')], staged: 0, wakeUps: 1 },
        }),
      { state: 'done', epoch: 0 },
    ],
    [
      'a failure',
      (scene, holder) => scene.coordinator.commitError({ ...heldBy(holder), error: '{}' }),
      { state: 'failed' },
    ],
    ['a release', (scene, holder) => scene.coordinator.release(heldBy(holder)), { state: 'fetched' }],
    ['a termination', (scene) => scene.coordinator.terminateMark({ runId: scene.runId, reason: 'x' }), {}],
  ];

  it.each(CALLS)('%s changes nothing twice', async (_, call, expected) => {
    const scene = await openScene(throughProxy);
    const holder = await scene.take('a');
    const cutsBefore = proxy.cuts;
    proxy.cutAfter(0);
    await call(scene, holder);
    expect(proxy.cuts).toBe(cutsBefore + 1);
    expect(await scene.node('a')).toMatchObject({ attempts: 1, ...expected });
    expect((await scene.phase(0)).created).toBe('epoch' in expected ? 2 : 1);
    const events = await scene.coordinator.listEvents({ runId: scene.runId, afterSeq: 0, limit: 100 });
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it('a claim gives its owner the lease that it gave at first', async () => {
    const scene = await openScene(throughProxy);
    proxy.cutAfter(0);
    const holder = await scene.take('a');
    expect(await scene.node('a')).toMatchObject({ attempts: 1, token: holder.token });
    expect((await scene.commit(holder)).code).toBe(CommitCode.COMMIT_OK);
  });

  it('loses and doubles nothing in a fan-out whose every fifth answer is cut', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
    const scene = await openScene(throughProxy, { first: names, phases: [{}, { opener: 'join' }] });
    // Not watched: what the watcher would see are the answers to second calls.
    const { coordinator } = scene.harness;
    const finish = async (name: string, children: readonly NodeSeed[]) => {
      const node = scene.cast.ref(name);
      const claim = {
        node,
        epoch: 0,
        owner: name,
        stage: 'module-processor',
        leaseMs: LEASE_MS,
        alone: false,
      } as const;
      const holder = (await coordinator.claim(claim)).node!;
      await coordinator.commitSuccess({ ...heldBy(holder), children, staged: 0, wakeUps: 1 });
    };
    const cutsBefore = proxy.cuts;
    for (const [index, name] of names.entries()) {
      proxy.cutAfter(index % 5);
      await finish(name, [scene.cast.hop(`child of ${name}`)]);
      await finish(`child of ${name}`, []);
    }
    proxy.cutAfter(Number.POSITIVE_INFINITY);
    await finish('join', []);
    expect(proxy.cuts).toBeGreaterThan(cutsBefore + 20);
    expect((await scene.phase(0)).done).toBe(2 * names.length);
    await checkInvariants(scene.coordinator, scene.runId);
  });
});

describe('a Redis that restarts', () => {
  it('has the whole state again from its append-only file, after a kill', async () => {
    const scene = await openScene(directly, { phases: [{}, { opener: 'join' }] });
    const holder = await scene.take('a');
    const commit = await scene.commit(holder, [scene.cast.hop('b'), scene.cast.hop('c')]);
    const b = await scene.take('b');
    await scene.fail('c');
    const before = await viewRun(scene.coordinator, scene.runId);
    await server.restart('SIGKILL');
    expect(await viewRun(scene.coordinator, scene.runId)).toEqual(before);
    expect((await scene.commit(holder, [])).code).toBe(CommitCode.ALREADY_COMMITTED);
    expect(commit.code).toBe(CommitCode.COMMIT_OK);
    expect((await scene.commit(b)).code).toBe(CommitCode.COMMIT_OK);
    await scene.decide('c', { fatal: true });
    await scene.finish('join');
    await scene.sweep();
    expect((await scene.run()).state).toBe('closed');
  });
});

describe('a Redis that does not answer', () => {
  /** Longer than a call may take, far shorter than for ever. */
  const BOUND_MS = 20_000;

  it.each(['gone', 'hung'] as const)(
    'fails each call as unavailable in bounded time when it is %s',
    async (how) => {
      const scene = await openScene(directly);
      const holder = await scene.take('a');
      const { coordinator } = scene.harness;
      if (how === 'gone') await server.halt();
      else server.signal('SIGSTOP');
      const startedMs = performance.now();
      try {
        const calls = everyCall(holder, scene.cast.hop('child'));
        const outcomes = await Promise.allSettled(calls.map(([name, command]) => callOn(coordinator, name, command)));
        const answers = outcomes.map((outcome, index) => `${calls[index]![0]}: ${describeOutcome(outcome)}`);
        expect(answers).toEqual(calls.map(([name]) => `${name}: coordinator.unavailable retryable`));
        expect(performance.now() - startedMs).toBeLessThan(BOUND_MS);
      } finally {
        if (how === 'gone') await server.start();
        else server.signal('SIGCONT');
      }
      // A call that nobody waits for any more may still be carried out, but never by halves.
      await checkInvariants(coordinator, scene.runId);
    },
    60_000,
  );
});

function callOn(coordinator: Coordinator, name: keyof Coordinator, command: unknown): Promise<unknown> {
  return Reflect.apply(coordinator[name], coordinator, [command]);
}

function describeOutcome(outcome: PromiseSettledResult<unknown>): string {
  if (outcome.status === 'fulfilled') return `answered ${JSON.stringify(outcome.value)}`;
  const { code, class: failureClass } = outcome.reason as { readonly code?: string; readonly class?: string };
  return `${code} ${failureClass}`;
}
