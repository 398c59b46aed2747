import { describe, expect, it } from 'vitest';
import { codec, type Event, type Execute } from '../../../../test/fixtures/grpc/dispatching.ts';
import { aborted } from '../../../../test/fixtures/grpc/probe.ts';
import { Slots } from '../../../concurrency/slots.ts';
import { CatenaError } from '../../../errors/catena-error.ts';
import type { ClientFrame } from './frames.ts';
import { pushStream } from './push-stream.ts';
import { serveDispatch } from './serve.ts';

interface Opened {
  readonly send: (id: number, request?: number) => void;
  readonly end: () => void;
  readonly drain: AbortController;
  readonly call: AbortController;
  readonly next: () => Promise<Event | 'end'>;
}

function open(execute: Execute, slots = new Slots(2)): Opened {
  const requests = pushStream<ClientFrame<number>>();
  const [drain, call] = [new AbortController(), new AbortController()];
  const events = serveDispatch(requests, { codec, execute, slots, signal: call.signal, drain: drain.signal });
  return {
    send: (id, request = id) => requests.push({ id, request }),
    end: () => requests.end(),
    drain,
    call,
    async next() {
      const { done, value } = await events.next();
      return done === true ? 'end' : value;
    },
  };
}

const done = async (request: number) => `did ${request}`;

/** Work that ends when the test says so. */
function heldWork() {
  const held = new Map<number, PromiseWithResolvers<string>>();
  const begun: number[] = [];
  const execute: Execute = (request) => {
    begun.push(request);
    const work = Promise.withResolvers<string>();
    held.set(request, work);
    return work.promise;
  };
  return { execute, begun, finish: (request: number) => held.get(request)?.resolve(`did ${request}`) };
}

describe('the server of a dispatch stream', () => {
  it('grants its slots, answers, grants again, and ends when its client has', async () => {
    const { send, end, next } = open(done);
    expect(await next()).toEqual({ credit: 2 });
    send(7);
    expect(await next()).toEqual({ id: 7, response: 'did 7' });
    expect(await next()).toEqual({ credit: 1 });
    end();
    expect(await next()).toBe('end');
  });

  it('answers with what the work throws, also at once', async () => {
    const { send, next } = open((request) => {
      if (request === 1) throw new CatenaError('test.refused', 'no');
      return Promise.reject(new Error('odd'));
    });
    await next();
    send(1);
    expect(await next()).toEqual({ id: 1, failure: 'test.refused' });
    await next();
    send(2);
    expect(await next()).toEqual({ id: 2, failure: 'dispatch.failed' });
  });

  it('executes no more at once than it has slots, over all streams', async () => {
    const { execute, begun, finish } = heldWork();
    const slots = new Slots(1);
    const [one, two] = [open(execute, slots), open(execute, slots)];
    await Promise.all([one.next(), two.next()]);
    one.send(1);
    two.send(2);
    const answers = [one.next(), two.next()];
    await expect.poll(() => begun).toEqual([1]);
    finish(1);
    expect(await answers[0]).toEqual({ id: 1, response: 'did 1' });
    await expect.poll(() => begun).toEqual([1, 2]);
    finish(2);
    expect(await answers[1]).toEqual({ id: 2, response: 'did 2' });
  });

  it('finishes and answers on drain what it has begun, and leaves the rest', async () => {
    const { execute, begun, finish } = heldWork();
    const slots = new Slots(2);
    const { send, drain, next } = open(execute, slots);
    await next();
    await slots.take();
    send(1);
    send(2);
    const answer = next();
    await expect.poll(() => begun).toEqual([1]);
    drain.abort(new CatenaError('grpc.draining', 'draining'));
    finish(1);
    expect(await answer).toEqual({ id: 1, response: 'did 1' });
    expect(await next()).toBe('end');
    expect(begun).toEqual([1]);
    slots.give();
    expect(slots.taken).toBe(0);
  });

  it('tells its work when the call is over, and ends', async () => {
    const [begun, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { send, call, next } = open(async (_, signal) => {
      begun.resolve();
      await aborted(signal);
      told.resolve();
      return '';
    });
    await next();
    send(1);
    const end = next();
    await begun.promise;
    call.abort();
    expect(await end).toBe('end');
    await told.promise;
  });

  it.each([
    ['more than it may', [1, 2, 3], 'dispatch.credit_exceeded'],
    ['an id twice', [1, 1], 'dispatch.duplicate_id'],
    ['no id', [Number.NaN], 'dispatch.undecodable'],
  ])('ends the stream of a client that sends %s', async (_, ids, code) => {
    const { execute } = heldWork();
    const { send, next } = open(execute);
    await next();
    for (const id of ids) send(id);
    await expect(next()).rejects.toMatchObject({ code });
  });
});
