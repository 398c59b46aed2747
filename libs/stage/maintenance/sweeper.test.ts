import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { messagesOf, only } from '../../../test/fixtures/outcomes.ts';
import { type BenchOptions, LEASE_MS, openStageBench, type StageBench } from '../../../test/fixtures/stage-bench.ts';
import { ModuleRegistry } from '../../calls/registry.ts';
import type { Message } from '../../contracts/chain.ts';
import { invariantBroken } from '../../coordination/protocol/assertions.ts';
import { RecoverCode } from '../../coordination/protocol/claims.ts';
import { defaultPolicy } from '../../coordination/protocol/policy.ts';
import type { Fillable } from '../../coordination/protocol/sweep.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { computeStep, defineModule } from '../../modules/index.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import { closeRun } from '../run/close-run.ts';
import { Runs } from '../run/runs.ts';
import { ChildrenPump } from './children-pump.ts';
import { ShardPace } from './shard-pace.ts';
import { Sweeper, type SweeperOptions } from './sweeper.ts';
import { WindowFiller } from './window-filler.ts';

const work = defineModule({
  name: 'work',
  version: '1.0.0',
  input: z.object({ hops: z.number().default(1) }),
  steps: { piece: computeStep(z.object({ n: z.number() })), report: computeStep() },
  items: {},
  phases: [['piece'], ['report']],
}).implement({
  *start({ go, input }) {
    for (let n = 0; n < input.hops; n++) yield go.piece({ n });
  },
  steps: {
    piece: {
      run({ state }) {
        if (state.n === 13) throw new Error('unlucky');
        return [];
      },
    },
    report: { *run() {} },
  },
});

/** Windows that hold whole runs. */
const WIDE = { ...defaultPolicy, hopWindow: 2_000 };

function open(options: BenchOptions = {}, given: Partial<SweeperOptions> = {}) {
  const bench = openStageBench([work], options);
  const { coordinator, store, clock, budgets } = bench;
  const { publisher, runs, meters, tasks } = bench;
  const filler = new WindowFiller({ coordinator, publisher, runs, log: silentLog });
  const fillWindow = (scope: Fillable) => filler.start(scope);
  const pump = new ChildrenPump({ coordinator, publisher, runs, meters, fillWindow, log: silentLog });
  const sweeper = new Sweeper({
    coordinator,
    bus: bench.bus,
    publisher,
    runs,
    leases: { holds: () => false },
    pump,
    filler,
    metrics: bench.metrics,
    log: silentLog,
    intervalMs: 2,
    crashBudget: 3,
    pace: new ShardPace({ shards: 1, intervalMs: 2, idleMs: 2, monotonic: () => performance.now() }),
    closeRun: async (runId) => void (await closeRun({ coordinator, store, tasks, clock, budgets }, runId)),
    ...given,
  });
  onTestFinished(() => sweeper.stop());
  return { bench, sweeper, pump };
}

/** Takes everything out of a stage's queue. */
async function drained(bench: StageBench, stage: 'ingress' | 'error-threshold'): Promise<Message<'error_task'>[]> {
  const messages: unknown[] = [];
  const subscription = bench.bus.subscribe({
    stage,
    slots: 100,
    receive: async ({ message, ack }) => {
      messages.push(message);
      ack();
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
  await subscription.stop();
  return messages as Message<'error_task'>[];
}

const depth = (bench: StageBench, count: number) =>
  vi.waitFor(() => expect(bench.bus.depth('ingress')).toBe(count), { interval: 2 });

describe('the sweeper', () => {
  it('notifies again for what nobody took', async () => {
    const { bench, sweeper } = open();
    const hops = await bench.begin({ input: { hops: 5 } });
    sweeper.start();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(bench.bus.depth('ingress')).toBe(0);
    bench.clock.advance(defaultPolicy.dispatchGraceMs);
    await depth(bench, 5);
    const rung = await drained(bench, 'ingress');
    expect(rung.map(({ kind, model }) => [kind, model.id])).toEqual(hops.map(({ model }) => ['parser_task', model.id]));
    expect(rung[0]!.model.metadata).toEqual({ team: 'blue' });
  });

  it('takes only what the queues have room for, and leaves the rest due', async () => {
    const { bench, sweeper } = open({ queueCapacity: 3 });
    await bench.begin({ input: { hops: 10 } });
    const take = vi.spyOn(bench.coordinator, 'dueTake');
    bench.clock.advance(defaultPolicy.dispatchGraceMs);
    sweeper.start();
    await depth(bench, 3);
    await vi.waitFor(() => expect(take.mock.calls.length).toBeGreaterThan(3), { interval: 2 });
    await sweeper.stop();
    expect(take.mock.calls.map(([{ limit }]) => limit).slice(0, 3)).toEqual([3, 0, 0]);
    expect((await bench.dueAfter(0)).length).toBe(7);
  });

  it('takes back what lost its lease, and gives up what lost it too often', async () => {
    const { bench, sweeper } = open();
    const hop = only(await bench.begin());
    sweeper.start();
    const node = await bench.nodeOf(hop);
    for (const crashes of [1, 2, 3]) {
      const epoch = crashes - 1;
      await bench.coordinator.claim({
        node,
        epoch,
        owner: `zombie-${crashes}`,
        stage: 'module-processor',
        leaseMs: LEASE_MS,
        alone: true,
      });
      bench.clock.advance(LEASE_MS);
      await vi.waitFor(async () => expect(await bench.nodeOf(hop)).toMatchObject({ crashes }), { interval: 2 });
    }
    expect(await bench.nodeOf(hop)).toMatchObject({ state: 'dead', deathReason: 'crashed' });
    await depth(bench, 3);
    const rung = await drained(bench, 'ingress');
    expect(rung.map(({ model }) => model.context!.epoch)).toEqual([1, 2, 0]);
    expect(rung[2]!.model.context).toMatchObject({ phase: 1 });
    expect(bench.metrics.total(METRICS.ptmZombieRecover)).toBe(3);
  });

  it('leaves a lease that ran out to its holder in this process, which renews it after a pause', async () => {
    let holds = true;
    const { bench, sweeper } = open({}, { leases: { holds: () => holds } });
    const node = await bench.nodeOf(only(await bench.begin()));
    const claim = { node, epoch: 0, owner: 'me', stage: 'module-processor', leaseMs: LEASE_MS, alone: false } as const;
    await bench.coordinator.claim(claim);
    const take = vi.spyOn(bench.coordinator, 'dueTake');
    bench.clock.advance(LEASE_MS);
    sweeper.start();
    await vi.waitFor(() => expect(take.mock.calls.length).toBeGreaterThan(3), { interval: 2 });
    expect(await bench.coordinator.findNode(node)).toMatchObject({ state: 'processing', crashes: 0 });
    holds = false;
    await vi.waitFor(async () => expect(await bench.coordinator.findNode(node)).toMatchObject({ crashes: 1 }), {
      interval: 2,
    });
  });

  it('counts nothing as taken back whose holder renewed its lease in time', async () => {
    const { bench, sweeper } = open();
    const node = await bench.nodeOf(only(await bench.begin()));
    await bench.coordinator.claim({
      node,
      epoch: 0,
      owner: 'one',
      stage: 'module-processor',
      leaseMs: LEASE_MS,
      alone: false,
    });
    const recover = vi
      .spyOn(bench.coordinator, 'recoverZombie')
      .mockResolvedValue({ code: RecoverCode.NOT_EXPIRED, died: false, wakeUps: [] });
    bench.clock.advance(LEASE_MS);
    sweeper.start();
    await vi.waitFor(() => expect(recover).toHaveBeenCalled(), { interval: 2 });
    await sweeper.stop();
    expect(bench.metrics.total(METRICS.ptmZombieRecover)).toBe(0);
  });

  it('sends failures to be decided, and retries when their time has come', async () => {
    const { bench, sweeper } = open();
    const hops = await bench.begin({ input: { hops: 14 } });
    const error = only(messagesOf(await bench.generate(hops[13]!), 'error'));
    for (const hop of hops.slice(0, 13)) await bench.generate(hop);
    sweeper.start();
    bench.clock.advance(defaultPolicy.decisionGraceMs);
    await vi.waitFor(() => expect(bench.bus.depth('error-threshold')).toBe(1), { interval: 2 });
    const told = only(await drained(bench, 'error-threshold'));
    expect(told).toMatchObject({ kind: 'error', model: { id: error.model.id, error: error.model.error } });
    await bench.decide(error);
    bench.clock.advance(60_000);
    await depth(bench, 1);
    expect(await drained(bench, 'ingress')).toMatchObject([{ kind: 'error_task', model: { context: { epoch: 1 } } }]);
  });

  it.each(['by hand', 'by itself'])('moves staged children in batches, %s', async (how) => {
    const { bench, sweeper, pump } = open({ policy: WIDE });
    await bench.begin({ input: { hops: 1_203 } });
    const node = only(bench.pumps);
    if (how === 'by hand') {
      await pump.pump(node);
    } else {
      bench.clock.advance(defaultPolicy.dispatchGraceMs);
      sweeper.start();
    }
    await depth(bench, 1_203);
    expect(await bench.coordinator.findNode(node)).toMatchObject({ state: 'done' });
    expect(bench.metrics.total(METRICS.advanceGateWin)).toBe(1_203);
  });

  it('leaves the wake-ups of moved children to later when there is no room', async () => {
    const { bench, pump } = open({ queueCapacity: 100, policy: WIDE });
    await bench.begin({ input: { hops: 600 } });
    await pump.pump(only(bench.pumps));
    expect(bench.bus.depth('ingress')).toBe(100);
    expect(await bench.dueAfter(0)).toHaveLength(500);
  });

  it('lets into a window only as many as it holds, and more when half of them have ended', async () => {
    const { bench, sweeper } = open({ policy: { ...defaultPolicy, hopWindow: 4 } });
    const hops = await bench.begin({ input: { hops: 10 } });
    // The start that yields them is inside until its commit is done.
    expect(hops).toHaveLength(3);
    await bench.generate(hops[0]!);
    expect(bench.fills).toEqual([{ runId: 'run-1', moduleId: 'work@1.0.0', phase: 0 }]);
    // Nobody fills it: the sweeper does.
    sweeper.start();
    await depth(bench, 2);
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({
      modules: [{ phases: [{ inside: { hop: 4 }, ready: { hop: 5 } }, {}] }],
    });
  });

  it('ends the nodes of a cancelled run, and settles it', async () => {
    const { bench, sweeper } = open();
    await bench.begin({ input: { hops: 20 } });
    await bench.coordinator.runControl({ runId: 'run-1', action: 'cancel' });
    sweeper.start();
    await vi.waitFor(async () => expect(await bench.store.findRun('run-1')).toMatchObject({ state: 'closed' }));
    const letters = await bench.store.listDeadLetters('run-1');
    expect(letters).toHaveLength(20);
    expect(new Set(letters.map(({ reason }) => reason))).toEqual(new Set(['cancelled']));
  });

  it('closes a phase at its deadline, and notifies for the next one', async () => {
    const { bench, sweeper } = open();
    await bench.begin({ input: { hops: 3 }, deadlineMs: 5_000 });
    sweeper.start();
    bench.clock.advance(5_000);
    await vi.waitFor(async () => {
      const { phases } = (await bench.coordinator.findRun('run-1'))!.modules[0]!;
      expect(phases).toMatchObject([{ closed: 'deadline', dead: 3, open: 0 }, { closed: 'deadline' }]);
    });
  });
});

describe('the sweeper’s loop', () => {
  const down = new CatenaError('store.io_error', 'the disk is gone', { class: 'retryable' });

  it('counts an error and goes on', async () => {
    const { bench, sweeper } = open();
    await bench.begin({ input: { hops: 2 } });
    vi.spyOn(bench.coordinator, 'dueTake').mockRejectedValueOnce(down).mockRejectedValueOnce(new Error('what'));
    bench.clock.advance(defaultPolicy.dispatchGraceMs);
    sweeper.start();
    await depth(bench, 2);
    expect(bench.metrics.total(METRICS.sweeperError)).toBe(2);
  });

  it('tries again to settle when that failed', async () => {
    let tries = 0;
    const { bench, sweeper } = open(
      {},
      {
        closeRun: async () => {
          tries += 1;
          throw down;
        },
      },
    );
    await bench.begin();
    await bench.coordinator.runControl({ runId: 'run-1', action: 'cancel' });
    sweeper.start();
    await vi.waitFor(() => expect(tries).toBe(1));
    bench.clock.advance(defaultPolicy.decisionGraceMs);
    await vi.waitFor(() => expect(tries).toBe(2));
  });

  it('leaves a run alone whose module is not served here, says so once, and goes on with the others', async () => {
    const errors: unknown[] = [];
    const log: Log = { ...silentLog, error: (_message, fields) => void errors.push(fields?.run_id) };
    const { bench, sweeper } = open({}, { log });
    await bench.begin({ input: { hops: 3 } });
    await bench.begin({ input: { hops: 2 } });
    const load = bench.runs.load.bind(bench.runs);
    const foreign = new Runs(bench.store, new ModuleRegistry());
    vi.spyOn(bench.runs, 'load').mockImplementation((runId) => (runId === 'run-1' ? foreign.load(runId) : load(runId)));
    bench.clock.advance(defaultPolicy.dispatchGraceMs);
    sweeper.start();
    await depth(bench, 2);
    expect(errors).toEqual(['run-1']);
    expect(await bench.coordinator.findRun('run-1')).toMatchObject({ modules: [{ phases: [{ open: 3 }, {}] }] });
  });

  it('does not download again what waits for a parser, and does once it waits nowhere', async () => {
    let waits = true;
    const { bench, sweeper } = open({}, { bus: { hasResponse: async () => waits } });
    const node = await bench.nodeOf(only(await bench.begin()));
    const command = {
      node,
      epoch: 0,
      owner: 'downloader-1',
      stage: 'downloader',
      leaseMs: LEASE_MS,
      alone: false,
    } as const;
    const { token } = (await bench.coordinator.claim(command)).node!;
    await bench.coordinator.release({ node, token });
    sweeper.start();
    for (let look = 0; look < 3; look++) {
      bench.clock.advance(defaultPolicy.responseGraceMs);
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await bench.coordinator.findNode(node)).toMatchObject({ state: 'fetched' });
    }
    waits = false;
    bench.clock.advance(defaultPolicy.responseGraceMs);
    await vi.waitFor(async () => expect(await bench.coordinator.findNode(node)).toMatchObject({ state: 'pending' }));
    await depth(bench, 1);
  });

  it('says which run has a node that does not fit together, and goes on with the others', async () => {
    const errors: unknown[] = [];
    const log: Log = { ...silentLog, error: (_message, fields) => void errors.push(fields?.run_id) };
    const { bench, sweeper } = open({}, { log });
    await bench.begin({ input: { hops: 1 } });
    await bench.begin({ input: { hops: 2 } });
    const take = bench.coordinator.dueTake.bind(bench.coordinator);
    const broken = { id: 'x', runId: 'run-1', moduleId: 'm', phase: 0 };
    vi.spyOn(bench.coordinator, 'recoverZombie').mockRejectedValue(invariantBroken('I3', broken, 'nobody holds it'));
    vi.spyOn(bench.coordinator, 'dueTake').mockImplementation(async (command) => {
      const { entries, more } = await take(command);
      return { entries: [{ kind: 'recover', node: broken, isFetched: false }, ...entries], more };
    });
    bench.clock.advance(defaultPolicy.dispatchGraceMs);
    sweeper.start();
    await depth(bench, 3);
    expect(errors).toEqual(['run-1']);
  });

  it('ends when it is told, after the round under way, and does not begin again', async () => {
    const { bench, sweeper } = open();
    const answer = Promise.withResolvers<{ entries: []; more: false }>();
    const take = vi.spyOn(bench.coordinator, 'dueTake').mockReturnValue(answer.promise);
    sweeper.start();
    sweeper.start();
    await vi.waitFor(() => expect(take).toHaveBeenCalledTimes(1));
    let stopped = false;
    const stopping = Promise.all([sweeper.stop(), sweeper.stop()]).then(() => {
      stopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    answer.resolve({ entries: [], more: false });
    await stopping;
    sweeper.start();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(take).toHaveBeenCalledTimes(1);
  });
});
