/** What the conformance suite cannot see: events on their way out, keys left behind, errors of Redis, plans that change. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../test/fixtures/servers/redis-server.ts';
import { KEY_LAYOUT_VERSION, sharedKeys } from '../../keys/keys.ts';
import { CommitCode } from '../protocol/commits.ts';
import { windowPlace } from '../protocol/node.ts';
import { PhaseCloseCode } from '../protocol/phases.ts';
import { defaultPolicy } from '../protocol/policy.ts';
import { checkRedis } from './capabilities.ts';
import { openRedisCoordinator, type RedisCoordinator } from './index.ts';

const SETTLE = { join: { kind: 'settle' } } as const;
const RUN = 'run-1';
/** Makes a module's record what it was before it named the steps that were told of. */
const FORGET_PRODUCED = `local gate, record = cmsgpack.unpack(redis.call('GET', KEYS[1]))
  record.produced = nil
  redis.call('SET', KEYS[1], cmsgpack.pack(gate, record))`;

let server: RedisServer;
let redis: Redis;
let scripts: string[];
let coordinator: RedisCoordinator;

beforeAll(async () => {
  server = await startRedisServer();
  redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});
beforeEach(async () => {
  await redis.flushdb();
  scripts = [];
  coordinator = await open();
});

function open(): Promise<RedisCoordinator> {
  const onScript = (script: string, code: number) => scripts.push(`${script} ${code}`);
  return openRedisCoordinator({ redis, shards: 1, policy: defaultPolicy, incarnation: 7, onScript });
}

const hop = (id: string, phase = 0) =>
  ({ id, kind: 'hop', phase, stepIdx: phase, prefixRequest: '', body: `{"id":"${id}"}` }) as const;
const ref = (id: string, phase = 0) => ({ id, runId: RUN, moduleId: 'm', phase });

function openRun(on = coordinator, phases = 1) {
  const plans = Array.from({ length: phases }, (_, phase) => ({
    ...SETTLE,
    ...(phase === 0 ? {} : { opener: hop(`join${phase}`, phase) }),
  }));
  return on.runOpen({ runId: RUN, modules: [{ moduleId: 'm', phases: plans, first: [hop('a')] }] });
}

async function finish(id: string, on = coordinator, phase = 0) {
  const node = ref(id, phase);
  const claim = {
    node,
    epoch: 0,
    owner: `of-${id}`,
    stage: 'module-processor',
    leaseMs: 30_000,
    alone: false,
  } as const;
  const claimed = await on.claim(claim);
  const token = claimed.node?.token ?? 'none';
  return on.commitSuccess({ node, token, children: [], staged: 0, wakeUps: 0 });
}

describe('events', () => {
  it('wait in the outbox, in order, until they are trimmed', async () => {
    await openRun();
    await finish('a');
    const taken = await coordinator.takeEvents({ shard: 0, limit: 10 });
    expect(taken.map(({ event }) => event.type)).toEqual([
      'TaskAccepted',
      'ParserTaskProduced',
      'ModuleStepAdvanced',
      'PhaseClosed',
      'ModuleCompleted',
      'RunCompleted',
    ]);
    expect(taken[0]!.event).toMatchObject({ id: `${RUN}:1:TaskAccepted`, runId: RUN, version: 1, nodeId: '' });
    const entries = taken.slice(0, 2).map(({ entry }) => entry);
    await coordinator.trimEvents({ shard: 0, entries });
    await coordinator.trimEvents({ shard: 0, entries });
    await coordinator.trimEvents({ shard: 0, entries: [] });
    expect(await coordinator.takeEvents({ shard: 0, limit: 2 })).toEqual(taken.slice(2, 4));
  });

  it('tell of a step also where the record was written before that was kept', async () => {
    await openRun(coordinator, 2);
    await redis.eval(FORGET_PRODUCED, 1, 'chain:{s00}:exec:run-1:m');
    await finish('a');
    const taken = await coordinator.takeEvents({ shard: 0, limit: 10 });
    const told = taken.filter(({ event }) => event.type === 'ParserTaskProduced');
    expect(told.map(({ event }) => event.id)).toEqual([0, 1].map((step) => `${RUN}:m:${step}:0:ParserTaskProduced`));
  });
});

describe('state that does not fit together', () => {
  const openTwo = () =>
    coordinator.runOpen({
      runId: RUN,
      modules: [
        { moduleId: 'm', phases: [SETTLE], first: [hop('a'), hop('b')] },
        { moduleId: 'n', phases: [SETTLE], first: [hop('c')] },
      ],
    });
  const broken = (invariant: string, nodeId: string) => ({
    ...{ code: 'coordinator.invariant_broken', class: 'fatal' },
    data: { invariant, nodeId, runId: RUN, moduleId: 'm', phase: 0 },
  });
  /** Sets the count of done nodes of the module's first phase. */
  const setDone = (done: number) =>
    redis.eval(
      `local gate, record = cmsgpack.unpack(redis.call('GET', KEYS[1]))
       record.phases[1].done = tonumber(ARGV[1])
       redis.call('SET', KEYS[1], cmsgpack.pack(gate, record))`,
      ...[1, 'chain:{s00}:exec:run-1:m', done],
    );

  it('I1: a node does not end in a phase that does not count it, and nothing is written; another module goes on', async () => {
    await openTwo();
    await setDone(2);
    const before = await redis.dump('chain:{s00}:exec:run-1:m');
    await expect(finish('a')).rejects.toMatchObject(broken('I1', 'a'));
    expect(await redis.dump('chain:{s00}:exec:run-1:m')).toEqual(before);
    expect(await coordinator.findNode(ref('a'))).toMatchObject({ state: 'processing' });
    const node = { ...ref('c'), moduleId: 'n' };
    const held = await coordinator.claim({
      ...{ node, epoch: 0, owner: 'of-c', stage: 'module-processor', leaseMs: 30_000, alone: false },
    } as const);
    const commit = { node, token: held.node!.token, children: [], staged: 0, wakeUps: 0 };
    expect((await coordinator.commitSuccess(commit)).code).toBe(CommitCode.COMMIT_OK);
    expect((await coordinator.runAudit({ runId: RUN })).drift).not.toEqual([]);
    expect((await finish('a')).code).toBe(CommitCode.COMMIT_OK);
    expect(scripts).toContain('ptm_commit_success -3');
  });

  it('I2: the last node that a phase counts does not end while its due set holds another', async () => {
    await openTwo();
    await setDone(1);
    await expect(finish('a')).rejects.toMatchObject(broken('I2', 'a'));
    const decide = {
      ...{ node: ref('a'), epoch: 0, fatal: true, maxAttempts: 1, retryDelayMs: 0 },
      ...{ moduleThreshold: { errors: 99 }, taskThreshold: { errors: 99 } },
    };
    const again = {
      node: ref('a'),
      epoch: 0,
      owner: 'of-a',
      stage: 'module-processor',
      leaseMs: 1,
      alone: false,
    } as const;
    const { node } = await coordinator.claim(again);
    await coordinator.commitError({ node: ref('a'), token: node!.token, error: '{}' });
    await expect(coordinator.thresholdDecide(decide)).rejects.toMatchObject(broken('I2', 'a'));
    expect(await coordinator.findRun(RUN)).toMatchObject({ modules: [{ currentPhase: 0 }, { currentPhase: 0 }] });
  });
});

describe('keys', () => {
  it('I9: none is left of a purged run, whatever happened to it, once its events are published', async () => {
    await openRun(coordinator, 2);
    const { node } = await coordinator.claim({
      ...{ node: ref('a'), epoch: 0, owner: 'o', stage: 'module-processor', leaseMs: 30_000, alone: false },
    } as const);
    await coordinator.stageChildren({ node: ref('a'), token: node!.token, children: [hop('b'), hop('c')] });
    await coordinator.reorderEnqueue({ node: ref('early'), epoch: 0, response: 'x' });
    await coordinator.runControl({ runId: RUN, action: 'cancel' });
    await coordinator.scopeDrain({ ...ref('a'), limit: 10 });
    await coordinator.runSettle({ runId: RUN });
    expect(await coordinator.runPurge({ runId: RUN, limit: 10 })).toEqual({ deleted: 1, more: false });
    const events = await coordinator.takeEvents({ shard: 0, limit: 100 });
    await coordinator.trimEvents({ shard: 0, entries: events.map(({ entry }) => entry) });
    await coordinator.dueTake({ shard: 0, limit: 10 });
    expect(await redis.keys('*')).toEqual([]);
  });

  it('of a live run never expire', async () => {
    await openRun(coordinator, 2);
    for (const key of await redis.keys('*')) expect(await redis.ttl(key), key).toBe(-1);
  });

  it('a response for a run that nobody knows is not kept', async () => {
    await coordinator.reorderEnqueue({ node: ref('early'), epoch: 0, response: 'x' });
    expect(await redis.keys('*')).toEqual([]);
  });
});

describe('a plan that changed under a process', () => {
  it('is noticed by the script and read again', async () => {
    await openRun(coordinator, 1);
    await finish('a');
    await redis.flushdb();
    const other = await open();
    await openRun(other, 3);
    expect((await finish('a')).code).toBe(CommitCode.COMMIT_OK);
    expect(scripts).toContain('ptm_commit_success -1');
    expect(await coordinator.findNode(ref('join1', 1))).toMatchObject({ state: 'pending' });
  });

  it('is read again also where the plan that was kept knows no such module', async () => {
    await openRun();
    await redis.flushdb();
    const modules = [{ moduleId: 'other', phases: [SETTLE], first: [hop('b')] }];
    await (await open()).runOpen({ runId: RUN, modules });
    const scope = { runId: RUN, moduleId: 'other', phase: 0 };
    expect((await coordinator.phaseClose(scope)).code).toBe(PhaseCloseCode.CLOSED);
    expect((await coordinator.findRun(RUN))?.modules).toMatchObject([{ moduleId: 'other', currentPhase: 1 }]);
  });

  it('of a run that is gone is refused, and nothing is written', async () => {
    await openRun();
    await redis.flushdb();
    expect((await finish('a')).code).toBe(CommitCode.FENCING_REJECT);
    expect(await coordinator.findRun(RUN)).toBeUndefined();
    expect(await redis.keys('*')).toEqual([]);
  });
});

describe('runs of another release', () => {
  /** Makes the records of a module and its nodes what they were before windows were counted. */
  const FORGET_WINDOWS = `local gate, record = cmsgpack.unpack(redis.call('GET', KEYS[1]))
    for _, phase in ipairs(record.phases) do phase.inside, phase.ready = nil, nil end
    redis.call('SET', KEYS[1], cmsgpack.pack(gate, record))
    for i = 3, #KEYS do
      local values = { cmsgpack.unpack(redis.call('GET', KEYS[i])) }
      -- What newer releases write behind it, too.
      values[#values], values[#values - 1] = nil, nil
      redis.call('SET', KEYS[i], cmsgpack.pack(unpack(values)))
      redis.call('ZADD', KEYS[2], 1, string.match(KEYS[i], '[^:]+$'))
    end`;

  it('of before windows go on: what is due is let in as far as there is room, and all of it ends', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => `n${at}`);
    const narrow = await openRedisCoordinator({
      ...{ redis, shards: 1, policy: { ...defaultPolicy, hopWindow: 16 }, incarnation: 1 },
    });
    const modules = [{ moduleId: 'm', phases: [SETTLE], first: ids.map((id) => hop(id)) }];
    await narrow.runOpen({ runId: RUN, modules });
    const nodes = ids.map((id) => `chain:{s00}:ptm:${id}`);
    const keys = ['chain:{s00}:exec:run-1:m', 'chain:{s00}:due:run-1:m:0', ...nodes];
    await redis.eval(FORGET_WINDOWS, keys.length, ...keys);
    const taken = await narrow.dueTake({ shard: 0, limit: 100 });
    expect(taken.entries.length).toBe(16);
    const left = new Set(ids);
    for (let round = 0; left.size > 0 && round < ids.length; round++) {
      const nodes = await narrow.listNodes({ runId: RUN, state: 'pending', limit: 100 });
      for (const { id } of nodes.filter((node) => windowPlace(node) === 'inside')) {
        expect((await finish(id, narrow)).code).toBe(CommitCode.COMMIT_OK);
        left.delete(id);
      }
      await narrow.windowFill({ runId: RUN, moduleId: 'm', phase: 0, hops: 100, requests: 100 });
    }
    expect((await narrow.findRun(RUN))?.modules).toMatchObject([{ state: 'done' }]);
  });

  it('of a newer one are a problem of the server, and an older version is never noted over a newer one', async () => {
    await coordinator.noteLayout();
    expect((await checkRedis(redis)).map(({ level }) => level)).toEqual(['loss']);
    await redis.zadd(sharedKeys.layout(), KEY_LAYOUT_VERSION + 1, 'version');
    await coordinator.noteLayout();
    expect(await checkRedis(redis)).toMatchObject([
      { level: 'loss' },
      { level: 'fatal', problem: expect.stringContaining('key layout 3') },
    ]);
  });
});

describe('a Redis that fails', () => {
  it('is one retryable error with its cause', async () => {
    await openRun();
    await redis.set('chain:{s00}:run:run-1', 'not a record');
    await expect(finish('a')).rejects.toMatchObject({
      code: 'coordinator.unavailable',
      class: 'retryable',
      cause: expect.any(Error),
    });
  });

  it('that does not answer in time is the same error', async () => {
    const client = new Redis(server.url);
    const hurried = await openRedisCoordinator({
      ...{ redis: client, shards: 1, policy: defaultPolicy, incarnation: 1, commandTimeoutMs: 100 },
    });
    server.signal('SIGSTOP');
    try {
      await expect(finish('a', hurried)).rejects.toMatchObject({
        code: 'coordinator.unavailable',
        message: expect.stringContaining('no answer within 100 ms'),
      });
    } finally {
      server.signal('SIGCONT');
      client.disconnect();
    }
  });

  it('scripts that Redis forgot are loaded again with the call', async () => {
    await redis.script('FLUSH');
    await openRun();
    expect((await finish('a')).code).toBe(CommitCode.COMMIT_OK);
  });

  it('a name that cannot be read back is refused before anything is written', async () => {
    const modules = [{ moduleId: 'm', phases: [SETTLE], first: [] }];
    await expect(coordinator.runOpen({ runId: 'lone \ud800', modules })).rejects.toMatchObject({
      code: 'coordination.malformed_name',
    });
    expect(await redis.keys('*')).toEqual([]);
  });
});

describe('a coordinator made from a URL', () => {
  it('outlasts a Redis that restarts: a call waits until it is back', async () => {
    const passing = await startRedisServer({ appendonly: true });
    onTestFinished(() => passing.stop());
    const own = await openRedisCoordinator({
      ...{ redis: passing.url, shards: 1, policy: defaultPolicy, incarnation: 1, commandTimeoutMs: 20_000 },
    });
    onTestFinished(() => own.close());
    await openRun(own);
    await passing.halt('SIGKILL');
    const finished = finish('a', own);
    // Longer than a few quick attempts to connect take.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await passing.start();
    expect((await finished).code).toBe(CommitCode.COMMIT_OK);
  });

  it('works, and ends its own connection', async () => {
    const own = await openRedisCoordinator({
      ...{ redis: server.url, shards: 1, policy: defaultPolicy, incarnation: 1 },
    });
    await openRun(own);
    expect((await finish('a', own)).code).toBe(CommitCode.COMMIT_OK);
    await own.close();
    await own.close();
    await expect(own.findRun(RUN)).rejects.toMatchObject({ code: 'coordinator.unavailable' });
  });
});

describe('the check of a server', () => {
  it('reads what the server says', async () => {
    expect(await checkRedis(redis)).toMatchObject([{ level: 'loss', problem: /^appendonly is no/ }].map(matching));
    await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      expect((await checkRedis(redis)).map(({ level }) => level)).toEqual(['fatal', 'loss']);
    } finally {
      await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    }
  });
});

function matching({ level, problem }: { readonly level: string; readonly problem: RegExp }) {
  return { level, problem: expect.stringMatching(problem) };
}
