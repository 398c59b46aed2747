import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../libs/clock/clock.ts';
import type { CachePolicy } from '../../../libs/modules/contract/definition.ts';
import { openDatabase } from '../../../libs/sqlite/scratch.fixture.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';
import { answersOf, MemoryBlobs } from '../../../test/fixtures/fake-ports.ts';
import { AnsweredPermit, cache } from './cache.ts';
import { CookieJar } from './cookie-jar.ts';
import { replyOf, requestContext } from './policy.fixture.ts';
import type { Reply, RequestContext } from './policy.ts';

const SHARED: CachePolicy = { scope: 'shared', ttlMs: 60_000 };
const anonymous = (changes: Partial<Reply> = {}) => replyOf({ wasAnonymous: true, ...changes });

function open() {
  const clock = new ManualClock();
  const deps = {
    blobs: new MemoryBlobs(),
    responseCache: answersOf({ db: openDatabase(), clock }),
    log: silentLog,
    clock,
  };
  /** A request of a node; answers what came, and whether it was sent. */
  const ask = async (
    policy: CachePolicy,
    of: { id?: string; runId?: string; jar?: CookieJar; untrusted?: boolean },
    reply = anonymous(),
  ) => {
    const { id = 'node-1', runId = 'run-1', jar, untrusted } = of;
    const asked = untrusted === undefined ? {} : { untrusted };
    const context = requestContext({ asked, deps, policy: { cache: policy } });
    const node = { ...context.work.lease.node, id, runId };
    const work = { ...context.work, lease: { ...context.work.lease, node } };
    const asking: RequestContext = { ...context, work, jar };
    let wasSent = false;
    const came = await cache(asking, async () => {
      wasSent = true;
      asking.receipt.attempt = '0.0';
      return reply;
    });
    return { wasSent, came, receipt: asking.receipt.attempt };
  };
  return { ask };
}

describe('an answer that is kept', () => {
  it('is given to an equal request of the run in the place of sending it; who pays for it is told its own alone', async () => {
    const { ask } = open();
    expect(await ask('run', {})).toMatchObject({ wasSent: true, came: { fromCache: false } });
    expect(await ask('run', { id: 'node-2' })).toMatchObject({
      wasSent: false,
      came: { fromCache: true },
      receipt: '',
    });
    expect(await ask('run', {})).toMatchObject({ wasSent: false, came: { fromCache: false }, receipt: '0.0' });
    expect(await ask('run', { runId: 'run-2' })).toMatchObject({ wasSent: true });
  });

  it('is given to other runs where that is allowed, without the cookies that came with it', async () => {
    const { ask } = open();
    const headers: Reply['headers'] = [
      ['set-cookie', 'a=1'],
      ['x-a', '1'],
    ];
    await ask(SHARED, {}, anonymous({ headers }));
    const { wasSent, came } = await ask(SHARED, { runId: 'run-2', id: 'node-2' });
    expect([wasSent, came.fromCache, came.headers.map(([name]) => name)]).toEqual([
      false,
      true,
      ['x-a', 'catena-paid'],
    ]);
  });

  it('S1: to a trusted request is not given to one from content, which might not have got it', async () => {
    const { ask } = open();
    await ask(SHARED, {});
    expect(await ask(SHARED, { id: 'node-2', untrusted: true })).toMatchObject({ wasSent: true });
    expect(await ask(SHARED, { id: 'node-3', untrusted: true })).toMatchObject({ wasSent: false });
    expect(await ask(SHARED, { id: 'node-4', untrusted: false })).toMatchObject({ wasSent: false });
  });

  it('is kept from other runs when its session held cookies at its sending, whatever it holds now', async () => {
    const { ask } = open();
    await ask(SHARED, {}, replyOf({ wasAnonymous: false }));
    expect(await ask(SHARED, { runId: 'run-2', id: 'node-2' })).toMatchObject({ wasSent: true });
  });

  it('is not given to a request of another run whose session holds cookies', async () => {
    const { ask } = open();
    await ask(SHARED, {});
    const jar = new CookieJar();
    jar.store(new URL('http://shop.test/'), [['set-cookie', 'login=1']]);
    expect(await ask(SHARED, { runId: 'run-2', jar })).toMatchObject({ wasSent: true });
  });

  it.each([{ status: 404 }, { partial: true }])('is no answer like %j', async (changes) => {
    const { ask } = open();
    await ask('run', {}, anonymous(changes));
    expect(await ask('run', {})).toMatchObject({ wasSent: true });
  });
});

it('an answer that was found ahead is given only to what it was asked for', () => {
  const permit = new AnsweredPermit('asked', { nodeId: 'node-1', response: replyOf() });
  expect(permit.answerTo('asked')).toMatchObject({ nodeId: 'node-1' });
  expect(permit.answerTo('asked otherwise')).toBeUndefined();
});
