import { describe, expect, it } from 'vitest';
import { MemoryBus } from '../../bus/memory-bus.ts';
import type { ChainMessage, Message } from '../../contracts/chain.ts';
import { Publisher } from '../messages/publisher.ts';
import { applyOutcome } from './apply.ts';
import type { AnyOutcome } from './outcome.ts';

const message = (kind: 'parser_task' | 'error', id: string) => ({ kind, model: { id } }) as unknown as ChainMessage;
const hop = (id: string) => message('parser_task', id) as Message<'parser_task'>;
const failure = message('error', 'node') as Message<'error'>;

/** What an outcome does to the bus, the message that it answers, and the work that it hands over, in order. */
async function effectsOf(outcome: (note: (what: string) => void) => AnyOutcome, busFails = false): Promise<string[]> {
  const effects: string[] = [];
  const bus = new MemoryBus({ capacity: 10 });
  bus.publish = async (published) => {
    if (busFails) throw new Error('the bus is gone');
    effects.push(`publish ${published.kind} ${(published.model as { id: string }).id}`);
    return true;
  };
  const publisher = new Publisher({ bus, retryDelayMs: 1, onBackpressure: () => undefined });
  const acknowledgement = {
    ack: () => void effects.push('ack'),
    nak: (delayMs: number) => void effects.push(`give back ${delayMs}`),
  };
  const done = applyOutcome(
    'sweeper',
    outcome((what) => void effects.push(what)),
    publisher,
    acknowledgement,
  );
  await done.catch(() => effects.push('rejected'));
  return effects;
}

describe('an outcome', () => {
  it('next: what follows is published, what was handed over is started, then the message is acked', async () => {
    const outcome = (note: (what: string) => void): AnyOutcome => ({
      kind: 'next',
      messages: [hop('a'), hop('b')],
      handOver: { start: () => note('start') },
    });
    const effects = await effectsOf(outcome);
    expect(effects).toEqual(['publish parser_task a', 'publish parser_task b', 'start', 'ack']);
  });

  it('next with nothing to follow is an ack', async () => {
    expect(await effectsOf(() => ({ kind: 'next', messages: [] }))).toEqual(['ack']);
  });

  it('retry: the message is given back with its delay, not acked', async () => {
    const effects = await effectsOf(() => ({ kind: 'retry', delayMs: 70, reason: 'LOCKED_BY_OTHER' }));
    expect(effects).toEqual(['give back 70']);
  });

  it('fail: the failure is published, then the message is acked', async () => {
    expect(await effectsOf(() => ({ kind: 'fail', error: failure }))).toEqual(['publish error node', 'ack']);
  });

  it('skip: the message is acked', async () => {
    expect(await effectsOf(() => ({ kind: 'skip', reason: 'DUPLICATE_DONE' }))).toEqual(['ack']);
  });

  it('terminate: what follows is published, then the message is acked', async () => {
    const outcome: AnyOutcome = { kind: 'terminate', scope: 'module', reason: 'threshold', messages: [hop('join')] };
    expect(await effectsOf(() => outcome)).toEqual(['publish parser_task join', 'ack']);
  });

  it.each<[string, AnyOutcome]>([
    ['next', { kind: 'next', messages: [hop('a')] }],
    ['fail', { kind: 'fail', error: failure }],
    ['terminate', { kind: 'terminate', scope: 'task', reason: 'threshold', messages: [hop('a')] }],
  ])('%s is not acked when its messages could not be published', async (_kind, outcome) => {
    expect(await effectsOf(() => outcome, true)).toEqual(['rejected']);
  });

  it.each([false, true])('gives the room back that its messages were promised, published or not', async (busFails) => {
    const outcome = (note: (what: string) => void): AnyOutcome => ({
      kind: 'next',
      messages: [hop('a')],
      grant: { count: 1, release: () => note('room back') },
    });
    expect(await effectsOf(outcome, busFails)).toEqual(
      busFails ? ['room back', 'rejected'] : ['publish parser_task a', 'room back', 'ack'],
    );
  });

  it('starts what was handed over even then: it holds a lease and a slot', async () => {
    const outcome = (note: (what: string) => void): AnyOutcome => ({
      kind: 'next',
      messages: [hop('a')],
      handOver: { start: () => note('start') },
    });
    expect(await effectsOf(outcome, true)).toEqual(['start', 'rejected']);
  });
});
