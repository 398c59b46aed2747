import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../libs/clock/clock.ts';
import type { PartialText } from '../../../libs/store/port.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';
import { keepPartials } from './keep-partials.ts';
import { replyOf, requestContext } from './policy.fixture.ts';
import type { RequestContext } from './policy.ts';

const EARLY_MS = 20_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

interface Given {
  readonly isEarly?: boolean;
  readonly partial?: boolean;
  readonly deadlineAtMs?: number;
  readonly save?: (partial: PartialText) => Promise<void>;
}

/** A download of a request, whose body the test lets grow. */
function bench({ isEarly = true, partial = true, deadlineAtMs, save }: Given = {}) {
  const clock = new ManualClock(0);
  const saved: PartialText[] = [];
  const savePartial = save ?? (async (text: PartialText) => void saved.push(text));
  const base = requestContext({ asked: { partial }, deps: { clock, log: silentLog, partials: { savePartial } } });
  const { run, lease } = base.work;
  const definition = { ...run.modules.get('shop@1.0.0')!.definition, early: isEarly ? { atMs: EARLY_MS } : undefined };
  const record = { ...run.record, acceptedAtMs: 0, deadlineAtMs };
  const modules = new Map([['shop@1.0.0', { definition }]]);
  const work = { ...base.work, lease, run: { ...run, record, modules } } as unknown as RequestContext['work'];
  const end = Promise.withResolvers<void>();
  let seen: RequestContext | undefined;
  const done = keepPartials({ ...base, work }, async (context) => {
    seen = context as RequestContext;
    await end.promise;
    return replyOf();
  });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await vi.advanceTimersByTimeAsync(ms);
  };
  let body: Buffer | undefined = Buffer.alloc(0);
  const receive = (bytes: Buffer | string | undefined) => {
    body = bytes === undefined ? undefined : Buffer.from(bytes);
  };
  const begin = () => seen?.request.onReceiving?.(() => body);
  const finish = () => {
    end.resolve();
    return done;
  };
  return { saved, pass, receive, begin, seen: () => seen!, finish };
}

it('stores what has arrived every two seconds, while it grows, until the body has ended', async () => {
  const { saved, pass, receive, begin, finish } = bench();
  begin();
  receive('one');
  await pass(1_999);
  expect(saved).toEqual([]);
  await pass(1);
  await pass(2_000);
  receive('one two');
  await pass(2_000);
  expect(saved.map(({ text, receivedAtMs }) => [text, receivedAtMs])).toEqual([
    ['one', 2_000],
    ['one two', 6_000],
  ]);
  expect(saved[0]).toMatchObject({ runId: 'run-1', moduleId: 'shop@1.0.0', nodeId: 'node-1' });
  await finish();
  receive('one two three');
  await pass(10_000);
  expect(saved).toHaveLength(2);
});

it('stores no half of a character, nothing that cannot be read, and no more than a megabyte', async () => {
  const { saved, pass, receive, begin } = bench();
  begin();
  receive(Buffer.from('价格').subarray(0, 5));
  await pass(2_000);
  receive(undefined);
  await pass(2_000);
  receive('x'.repeat(2_000_000));
  await pass(2_000);
  receive('x'.repeat(2_100_000));
  await pass(2_000);
  expect(saved.map(({ text }) => text.length)).toEqual([1, 1_048_576]);
  expect(saved[0]!.text).toBe('价');
});

it('ends some time after the later phases have opened', async () => {
  const { saved, pass, receive, begin } = bench();
  begin();
  await pass(EARLY_MS + 10_000);
  receive('late');
  await pass(10_000);
  expect(saved).toEqual([]);
});

it('begins anew for the body behind a redirect', async () => {
  const { saved, pass, receive, begin } = bench();
  begin();
  receive('a long page');
  await pass(2_000);
  begin();
  receive('short');
  await pass(2_000);
  expect(saved.map(({ text }) => text)).toEqual(['a long page', 'short']);
});

it.each([
  ['whose module never opens early', { isEarly: false }],
  ['that keeps no partial body', { partial: false }],
  ['of a run whose deadline comes first', { deadlineAtMs: EARLY_MS }],
])('leaves a request alone %s', (_what, given) => {
  const { seen } = bench(given);
  expect(seen().request.onReceiving).toBeUndefined();
});

it('lets the download go on when the store does not answer, and tries again', async () => {
  let failures = 1;
  const texts: string[] = [];
  const save = async ({ text }: PartialText) => {
    if (failures-- > 0) throw new Error('down');
    texts.push(text);
  };
  const { pass, receive, begin, finish } = bench({ save });
  begin();
  receive('one');
  await pass(2_000);
  await pass(2_000);
  expect(texts).toEqual(['one']);
  expect((await finish()).status).toBe(200);
});
