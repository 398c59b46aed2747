import { describe, expect, it, vi } from 'vitest';
import { MemoryBus } from '../../bus/memory-bus.ts';
import type { ChainMessage, Message } from '../../contracts/chain.ts';
import { Publisher } from '../messages/publisher.ts';
import type { HeldNode } from './lease.ts';
import type { AnyOutcome, Outcome } from './outcome.ts';
import { StageRunner, type StageRunnerOptions } from './runner.ts';

/** What a test hands over: only its id is looked at. */
type Work = HeldNode & { readonly id: string };
type Options = StageRunnerOptions<'downloader', Work, string>;

const request = (id: string) => ({ kind: 'request', model: { id } }) as unknown as ChainMessage;
const here = { id: 'here' } as Work;
const skip: Outcome<'downloader'> = { kind: 'skip', reason: 'done' };
const turn = () => new Promise((resolve) => setImmediate(resolve));

function open(options: Partial<Options> = {}) {
  const bus = new MemoryBus({ capacity: 100 });
  const errors: unknown[] = [];
  const publisher = new Publisher({ bus, retryDelayMs: 1, onBackpressure: () => undefined });
  const runner = new StageRunner<'downloader', Work, string>({
    stage: 'downloader',
    bus,
    publisher,
    concurrency: 2,
    handle: async () => skip,
    retryDelayMs: 1,
    onError: (error) => void errors.push(error),
    ...options,
  });
  return { bus, runner, errors };
}

/** A handler that works until it is told to end. */
function gated() {
  const begun: string[] = [];
  const gates: (() => void)[] = [];
  const work = async (id: string): Promise<Outcome<'downloader'>> => {
    begun.push(id);
    await new Promise<void>((resolve) => gates.push(resolve));
    return skip;
  };
  const handle: Options['handle'] = ({ model }) => work(model.id);
  const handleLocal = ({ id }: Work) => work(id);
  return { begun, end: () => gates.shift()?.(), handle, handleLocal };
}

describe('a runner', () => {
  it('executes no more at once than it has slots', async () => {
    const { begun, end, handle } = gated();
    const { bus, runner } = open({ handle });
    for (const id of ['a', 'b', 'c']) await bus.publish(request(id));
    runner.start();
    await vi.waitFor(() => expect(begun).toEqual(['a', 'b']));
    expect([runner.inFlight, bus.depth('downloader')]).toEqual([2, 1]);
    end();
    await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'c']));
  });

  it.each<[string, AnyOutcome, number]>([
    ['next', { kind: 'next', messages: [{ kind: 'response', model: {} } as Message<'response'>] }, 1],
    ['fail', { kind: 'fail', error: { kind: 'error', model: {} } as Message<'error'> }, 1],
    ['skip', skip, 1],
    ['retry', { kind: 'retry', delayMs: 1, reason: 'LOCKED_BY_OTHER' }, 2],
  ])('applies the outcome %s', async (kind, outcome, executions) => {
    let executed = 0;
    const handle = async () => {
      executed += 1;
      return (executed === 1 ? outcome : skip) as Outcome<'downloader'>;
    };
    const { bus, runner } = open({ handle });
    runner.start();
    await bus.publish(request('a'));
    await vi.waitFor(() => expect(executed).toBe(executions));
    await turn();
    expect([bus.depth('parser'), bus.depth('error-threshold')]).toEqual([
      Number(kind === 'next'),
      Number(kind === 'fail'),
    ]);
    expect([runner.inFlight, bus.depth('downloader')]).toEqual([0, 0]);
  });

  it('acks a message when its work is done, and not before', async () => {
    const { begun, end, handle } = gated();
    const { bus, runner } = open({ handle });
    const subscribed = vi.spyOn(bus, 'subscribe');
    runner.start();
    const ack = vi.fn();
    const message = request('a') as Message<'request'>;
    const received = subscribed.mock.calls[0]![0].receive({ message, ack, nak: vi.fn() });
    await vi.waitFor(() => expect(begun).toEqual(['a']));
    expect(ack).not.toHaveBeenCalled();
    end();
    await received;
    expect(ack).toHaveBeenCalledOnce();
  });

  it('gives a message back when its handler could not work, says so, and frees the slot', async () => {
    let executed = 0;
    const { bus, runner, errors } = open({
      concurrency: 1,
      handle: async () => {
        executed += 1;
        if (executed === 1) throw new Error('no coordinator');
        return skip;
      },
    });
    runner.start();
    await bus.publish(request('a'));
    await vi.waitFor(() => expect(executed).toBe(2));
    expect(errors).toMatchObject([{ message: 'no coordinator' }]);
  });

  it('lets messages wait for their admission outside the slots', async () => {
    const { begun, end, handle } = gated();
    const admissions = new Map<string, (permit: string) => void>();
    const admit: NonNullable<Options['admit']> = ({ model }) =>
      new Promise((resolve) => admissions.set(model.id, resolve));
    const { bus, runner } = open({ concurrency: 1, waiting: 2, admit, handle });
    runner.start();
    for (const id of ['a', 'b', 'c', 'd']) await bus.publish(request(id));
    await vi.waitFor(() => expect([...admissions.keys()]).toEqual(['a', 'b', 'c']));
    expect([runner.inFlight, bus.depth('downloader')]).toEqual([0, 1]);
    admissions.get('b')!('permit');
    await vi.waitFor(() => expect(begun).toEqual(['b']));
    end();
  });
});

describe('work that is handed over', () => {
  it('takes a reserved slot, and nothing is reserved when none is free', async () => {
    const { begun, end, handleLocal } = gated();
    const { runner } = open({ concurrency: 1, handleLocal });
    const slot = runner.reserve()!;
    expect([runner.reserve(), runner.inFlight]).toEqual([undefined, 1]);
    slot.start(here);
    expect(begun).toEqual(['here']);
    end();
    await vi.waitFor(() => expect(runner.inFlight).toBe(0));
  });

  it('may not come after all: the slot goes back', () => {
    const { runner } = open({ concurrency: 1 });
    runner.reserve()!.release();
    expect(runner.inFlight).toBe(0);
  });

  it('that fails is reported, and its slot is free again', async () => {
    const { runner, errors } = open({ handleLocal: () => Promise.reject(new Error('no coordinator')) });
    runner.reserve()!.start(here);
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    await vi.waitFor(() => expect(runner.inFlight).toBe(0));
  });
});

describe('stopping', () => {
  it('waits for what is in execution, by message and by hand, and takes nothing more', async () => {
    const { begun, end, handle, handleLocal } = gated();
    const { bus, runner } = open({ handle, handleLocal });
    runner.start();
    await bus.publish(request('a'));
    runner.reserve()!.start(here);
    await vi.waitFor(() => expect(begun).toHaveLength(2));
    let stopped = false;
    const stopping = runner.stop().then(() => {
      stopped = true;
    });
    await bus.publish(request('late'));
    expect(runner.reserve()).toBeUndefined();
    end();
    await turn();
    expect(stopped).toBe(false);
    end();
    await stopping;
    expect(begun).toHaveLength(2);
    expect(bus.depth('downloader')).toBe(1);
  });

  it('ends the waiting for admission without a word', async () => {
    const admit: NonNullable<Options['admit']> = (_message, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('gave up'))));
    const { bus, runner, errors } = open({ admit });
    runner.start();
    await bus.publish(request('a'));
    await turn();
    await runner.stop();
    expect(errors).toEqual([]);
  });

  it('may be done twice, and without a start', async () => {
    const { runner } = open();
    await runner.stop();
    await runner.stop();
    const started = open().runner;
    started.start();
    started.start();
    await Promise.all([started.stop(), started.stop()]);
  });
});
