/** What a suspect does to the stages of its process, on real transitions. */
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { handle as download } from '../../../services/downloader/handle.ts';
import { ModuleProcessor } from '../../../services/module-processor/service.ts';
import { only } from '../../../test/fixtures/outcomes.ts';
import { LEASE_MS, openStageBench, type StageBench } from '../../../test/fixtures/stage-bench.ts';
import type { Message } from '../../contracts/chain.ts';
import { SUSPECT_AFTER } from '../../coordination/protocol/claims.ts';
import { computeStep, defineModule } from '../../modules/index.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import { isPutOff } from '../messages/dispatch.ts';

/** Compute hops that wait until the test lets them go on; each yields one more hop, if it is told to. */
function waitingHops(waits: ReadonlyMap<number, Promise<void>>, events: string[]) {
  const state = z.object({ n: z.number() });
  return defineModule({
    name: 'waiting',
    version: '1.0.0',
    input: z.object({ hops: z.number(), yields: z.boolean().default(false) }),
    steps: { hop: computeStep(state) },
    items: { end: state },
  }).implement({
    *start({ go, input }) {
      for (let n = 0; n < input.hops; n++) yield go.hop({ n });
    },
    steps: {
      hop: {
        async *run({ state: { n }, go, put, input }) {
          events.push(`begin ${n}`);
          await waits.get(n);
          events.push(`end ${n}`);
          yield input.yields && n < 100 ? go.hop({ n: n + 100 }) : put.end({ n });
        },
      },
    },
  });
}

/** Loses the leases of a node until it is a suspect; answers its present message. */
async function makeSuspect<M extends Message<'parser_task' | 'request'>>(bench: StageBench, message: M): Promise<M> {
  const stage = message.kind === 'request' ? 'downloader' : 'module-processor';
  for (let epoch = 0; epoch < SUSPECT_AFTER; epoch++) {
    const node = await bench.nodeOf(message);
    const owner = `dead-${node.id}-${epoch}`;
    await bench.coordinator.claim({ node, epoch, owner, stage, leaseMs: LEASE_MS, alone: false });
    bench.clock.advance(LEASE_MS);
    await bench.coordinator.recoverZombie({ node, crashBudget: 9 });
  }
  const context = { ...message.model.context!, epoch: SUSPECT_AFTER };
  return { ...message, model: { ...message.model, context } };
}

async function scene(hops: number, yields = false) {
  const gates = new Map(Array.from({ length: hops }, (_, n) => [n, Promise.withResolvers<void>()]));
  const events: string[] = [];
  const module = waitingHops(new Map([...gates].map(([n, { promise }]) => [n, promise])), events);
  const bench = openStageBench([module]);
  const messages = await bench.begin({ input: { hops, yields } });
  const processor = new ModuleProcessor(bench.moduleProcessor, { slots: 100, othersWait: () => false });
  const execute = async ({ model }: Message<'parser_task'>): Promise<void> => {
    const run = await bench.runs.load(model.task!.runId);
    const { moduleId, phase, epoch } = model.context!;
    const node = { id: model.id, runId: run.task.runId, moduleId, phase };
    await processor.execute({ kind: 'hop', run, node, epoch });
  };
  const happened = (event: string) => vi.waitFor(() => expect(events).toContain(event), { interval: 1 });
  return { bench, messages, events, execute, happened, release: (n: number) => gates.get(n)!.resolve() };
}

it('waits without a lease until the last held node has ended, and keeps others from starting until it has', async () => {
  const { bench, messages, events, execute, happened, release } = await scene(3);
  const suspect = await makeSuspect(bench, messages[0]!);
  const held = execute(messages[1]!);
  await happened('begin 1');
  const alone = execute(suspect);
  await vi.waitFor(() => expect(bench.execution.solitude.state).toBe('waiting'), { interval: 1 });
  expect(await bench.nodeOf(suspect)).toMatchObject({ state: 'pending', crashes: SUSPECT_AFTER });
  await expect(execute(messages[2]!)).rejects.toSatisfy(isPutOff);
  release(1);
  await held;
  await happened('begin 0');
  expect(bench.execution.solitude.state).toBe('alone');
  await expect(execute(messages[2]!)).rejects.toSatisfy(isPutOff);
  expect(await bench.nodeOf(messages[2]!)).toMatchObject({ state: 'pending', attempts: 0 });
  release(0);
  await alone;
  release(2);
  await execute(messages[2]!);
  expect(events).toEqual(['begin 1', 'end 1', 'begin 0', 'end 0', 'begin 2', 'end 2']);
  expect(bench.metrics.total(METRICS.suspectsExecuted)).toBe(1);
});

it('is put off while another one is executed, and between two of them the others have their turn', async () => {
  const { bench, messages, execute, happened, release } = await scene(3);
  const [first, second] = [await makeSuspect(bench, messages[0]!), await makeSuspect(bench, messages[1]!)];
  const alone = execute(first);
  await happened('begin 0');
  await expect(execute(second)).rejects.toSatisfy(isPutOff);
  bench.clock.advance(3_000);
  release(0);
  await alone;
  const thrown = await execute(second).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ retryAfterMs: 3_000 });
  release(2);
  await execute(messages[2]!);
  bench.clock.advance(3_000);
  release(1);
  await execute(second);
  expect(await bench.items()).toEqual([{ n: 0 }, { n: 2 }, { n: 1 }]);
});

it('ends its chain in this process: neither it nor a node that ends meanwhile claims its only child', async () => {
  const { bench, messages, events, execute, happened, release } = await scene(2, true);
  const suspect = await makeSuspect(bench, messages[0]!);
  const held = execute(messages[1]!);
  await happened('begin 1');
  const alone = execute(suspect);
  await vi.waitFor(() => expect(bench.execution.solitude.state).toBe('waiting'), { interval: 1 });
  release(1);
  await held;
  await happened('begin 0');
  release(0);
  await alone;
  expect(events).toEqual(['begin 1', 'end 1', 'begin 0', 'end 0']);
  expect([bench.leases.held, bench.bus.depth('ingress')]).toEqual([0, 2]);
});

it('opens the process whatever becomes of it: a failure, a mark, a lost lease, a silent coordinator', async () => {
  const ends: Readonly<Record<string, (bench: StageBench) => void>> = {
    failure: (bench) => void vi.spyOn(bench.store, 'insertItems').mockImplementationOnce(() => expect.fail('no')),
    'silent commit': ({ coordinator }) => {
      coordinator.commitSuccess = () => Promise.reject(new Error('down'));
      coordinator.commitWith = () => Promise.reject(new Error('down'));
    },
    'lost lease': ({ coordinator }) => {
      const { commitWith } = coordinator;
      coordinator.commitWith = (command, store) => commitWith({ ...command, token: 'another' }, store);
    },
  };
  for (const end of Object.values(ends)) {
    const { bench, messages, execute, happened, release } = await scene(1);
    const suspect = await makeSuspect(bench, messages[0]!);
    const alone = execute(suspect).catch(() => undefined);
    await happened('begin 0');
    end(bench);
    release(0);
    await alone;
    expect([bench.execution.solitude.state, bench.leases.held]).toEqual(['open', 0]);
  }
  // A claim that is refused after all, or not answered.
  const refusals: readonly ((bench: StageBench) => void)[] = [
    ({ coordinator }) => void coordinator.runControl({ runId: 'run-1', action: 'cancel' }),
    ({ coordinator }) => {
      const { claim } = coordinator;
      coordinator.claim = (command) => (command.alone ? Promise.reject(new Error('down')) : claim(command));
    },
  ];
  for (const refuse of refusals) {
    const { bench, messages, execute } = await scene(1);
    const suspect = await makeSuspect(bench, messages[0]!);
    refuse(bench);
    await execute(suspect).catch(() => undefined);
    expect([bench.execution.solitude.state, bench.leases.held]).toEqual(['open', 0]);
  }
});

it('keeps its process to itself from its download to the end of its parse', async () => {
  const shop = defineModule({
    name: 'shop',
    version: '1.0.0',
    input: z.object({}),
    steps: { list: z.object({}) },
    items: {},
  }).implement({
    *start({ go }) {
      yield go.list({});
    },
    steps: { list: { request: () => 'http://shop.test/', *parse() {} } },
  });
  const bench = openStageBench([shop]);
  bench.localParser.free = 1;
  const request = await makeSuspect(bench, await bench.beginRequest());
  const permit = { release: () => undefined };
  const outcome = await download(bench.downloader, request, permit);
  expect(outcome).toMatchObject({ kind: 'next', messages: [] });
  if (outcome.kind === 'next') outcome.handOver!.start();
  expect(bench.execution.solitude.state).toBe('alone');
  const { lease } = only(bench.localParser.started);
  lease.end();
  expect(bench.execution.solitude.state).toBe('open');

  // Without a parser here it is released, and the process opens. The parser's process then makes room for it in turn.
  const other = openStageBench([shop]);
  const again = await makeSuspect(other, await other.beginRequest());
  const response = await other.download(again);
  expect([other.execution.solitude.state, (await other.nodeOf(response)).state]).toEqual(['open', 'fetched']);
  expect(await other.parse(response)).toMatchObject({ kind: 'retry', delayMs: 100 });
  other.clock.advance(100);
  expect(await other.parse(response)).toMatchObject({ kind: 'next' });
  expect(other.metrics.total(METRICS.suspectsExecuted)).toBe(2);
});
