import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CatenaError } from '../../../errors/catena-error.ts';
import type { ClientFrame } from './frames.ts';
import { dispatchPool, type PooledStream } from './pool.ts';

const ATTEMPTS = 3;
const BROKEN = new CatenaError('dispatch.stream_broken', 'broken', { class: 'retryable' });

interface Server {
  readonly pooled: PooledStream<string>;
  readonly inbox: ClientFrame<number>[];
  credit: number;
  sent: number;
}

const KINDS = ['dispatch', 'open', 'grant', 'answer', 'fail', 'break', 'abort'] as const;
const WEIGHTS: Readonly<Record<(typeof KINDS)[number], number>> = {
  dispatch: 6,
  open: 3,
  grant: 6,
  answer: 4,
  fail: 1,
  break: 2,
  abort: 1,
};

const actions = fc.array(
  fc.record({
    kind: fc.oneof(...KINDS.map((kind) => ({ weight: WEIGHTS[kind], arbitrary: fc.constant(kind) }))),
    pick: fc.nat(30),
  }),
  { minLength: 20, maxLength: 120, size: 'max' },
);

it('ends every request exactly once, with its own answer, within credit, whatever breaks in between', async () => {
  let breaks = 0;
  let repeats = 0;
  await fc.assert(
    fc.asyncProperty(actions, async (steps) => {
      const pool = dispatchPool<number, string>(ATTEMPTS);
      const servers: Server[] = [];
      const ends = new Map<number, string[]>();
      const sent = new Map<number, number>();
      const aborts = new Map<number, AbortController>();
      const failed = new Set<number>();
      let lastRequest = 0;

      const open = () => {
        const server: Server = {
          inbox: [],
          credit: 0,
          sent: 0,
          pooled: pool.open((frame) => {
            server.sent += 1;
            expect(server.sent).toBeLessThanOrEqual(server.credit);
            expect(server.inbox.map(({ id }) => id)).not.toContain(frame.id);
            expect(aborts.get(frame.request)?.signal.aborted).toBe(false);
            server.inbox.push(frame);
            sent.set(frame.request, (sent.get(frame.request) ?? 0) + 1);
          }),
        };
        servers.push(server);
      };
      const grant = (server: Server, count: number) => {
        server.credit += count;
        server.pooled.grant(count);
      };
      const answer = (server: Server, index: number, isDone: boolean) => {
        const [frame] = server.inbox.splice(index % server.inbox.length, 1);
        if (frame === undefined) return;
        if (!isDone) failed.add(frame.request);
        const error = new CatenaError('test.no', `no ${frame.request}`);
        server.pooled.answer(
          frame.id,
          isDone ? { isDone, response: `yes ${frame.request}` } : { isDone: false, error },
        );
      };

      for (const { kind, pick } of steps) {
        if (kind === 'dispatch') {
          lastRequest += 1;
          const request = lastRequest;
          const abort = new AbortController();
          aborts.set(request, abort);
          ends.set(request, []);
          const end = (how: string) => ends.get(request)?.push(how);
          pool.dispatch(request, abort.signal).then(end, (error: Error) => end(`error ${error.message}`));
        } else if (kind === 'open') {
          open();
        } else if (kind === 'abort') {
          aborts.get(pick)?.abort(new Error(`abort ${pick}`));
        } else {
          const server = servers[pick % Math.max(1, servers.length)];
          if (server === undefined) continue;
          if (kind === 'grant') grant(server, 1 + (pick % 3));
          else if (kind === 'break') {
            breaks += 1;
            servers.splice(servers.indexOf(server), 1);
            server.pooled.close(BROKEN);
            server.pooled.close(BROKEN);
          } else answer(server, pick, kind === 'answer');
        }
      }

      open();
      for (const server of servers) grant(server, 1_000);
      while (servers.some(({ inbox }) => inbox.length > 0)) for (const server of servers) answer(server, 0, true);
      await new Promise((resolve) => setImmediate(resolve));

      expect(pool.size).toBe(0);
      for (const [request, ways] of ends) {
        const times = sent.get(request) ?? 0;
        if (times > 1) repeats += 1;
        expect(times).toBeLessThanOrEqual(ATTEMPTS);
        const allowed = [
          `yes ${request}`,
          ...(aborts.get(request)?.signal.aborted ? [`error abort ${request}`] : []),
          ...(failed.has(request) ? [`error no ${request}`] : []),
          ...(times === ATTEMPTS ? ['error broken'] : []),
        ];
        expect(ways).toHaveLength(1);
        expect(allowed).toContain(ways[0]);
      }
    }),
    { numRuns: 500 },
  );
  expect(breaks).toBeGreaterThan(100);
  expect(repeats).toBeGreaterThan(50);
});

it('sends what came back before what never went', () => {
  const pool = dispatchPool<string, string>(2);
  const order: string[] = [];
  const first = pool.open(({ request }) => order.push(request));
  first.grant(2);
  for (const request of ['a', 'b', 'c']) pool.dispatch(request).catch(() => undefined);
  first.close(BROKEN);
  pool.open(({ request }) => order.push(request)).grant(3);
  expect(order).toEqual(['a', 'b', 'a', 'b', 'c']);
  pool.stop(BROKEN);
});

it('sends to the server that owes least', () => {
  const pool = dispatchPool<string, string>(1);
  const order: string[] = [];
  const one = pool.open(() => order.push('one'));
  const two = pool.open(() => order.push('two'));
  one.grant(3);
  two.grant(3);
  for (let request = 0; request < 4; request += 1) pool.dispatch('').catch(() => undefined);
  expect(order).toEqual(['one', 'two', 'one', 'two']);
  pool.stop(BROKEN);
});

it('refuses a server that breaks the contract', () => {
  const stream = dispatchPool<string, string>(1).open(() => undefined);
  for (const count of [0, -1, 1.5, Number.NaN, 1e9]) {
    expect(() => stream.grant(count)).toThrow(expect.objectContaining({ code: 'dispatch.bad_credit' }));
  }
  expect(() => stream.answer(7, { isDone: true, response: '' })).toThrow(
    expect.objectContaining({ code: 'dispatch.unknown_id' }),
  );
});

it('rejects everything once it is stopped, and what comes later', async () => {
  const pool = dispatchPool<string, string>(1);
  const waiting = pool.dispatch('a');
  const stopped = new CatenaError('dispatch.stopped', 'stopped', { class: 'retryable' });
  pool.stop(stopped);
  pool.stop(BROKEN);
  await expect(waiting).rejects.toBe(stopped);
  await expect(pool.dispatch('b')).rejects.toBe(stopped);
  expect(pool.size).toBe(0);
});

it('refuses a second answer', async () => {
  const pool = dispatchPool<string, string>(1);
  const ids: number[] = [];
  const stream = pool.open(({ id }) => ids.push(id));
  stream.grant(1);
  const call = pool.dispatch('a');
  const answer = () => stream.answer(ids[0]!, { isDone: true, response: 'b' });
  answer();
  await expect(call).resolves.toBe('b');
  expect(answer).toThrow(expect.objectContaining({ code: 'dispatch.unknown_id' }));
});
