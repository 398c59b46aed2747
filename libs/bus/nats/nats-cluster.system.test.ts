/** The bus on a cluster of three: every server answers alike, one may be killed, and what most of them lost comes back. */
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type NatsCluster, startNatsCluster } from '../../../test/fixtures/servers/nats-cluster.ts';
import { encodeMessage } from '../../contracts/chain.ts';
import { STREAMS } from '../../contracts/subjects.ts';
import { BlobBuckets } from '../../store/nats/blob-bucket.ts';
import { holding, openBus, request } from './bus.fixture.ts';
import { connectNats } from './connect.ts';
import { outgoingHeaders } from './message-headers.ts';

const PATIENT = { timeout: 40_000, interval: 50 };
const TEST_TIMEOUT_MS = 120_000;

let cluster: NatsCluster;
beforeAll(async () => {
  cluster = await startNatsCluster();
}, TEST_TIMEOUT_MS);
afterAll(() => cluster?.stop());

/** Whatever the test before has halted is up again. */
beforeEach(async () => {
  await Promise.all(cluster.members.map((each) => each.resume()));
  await cluster.ready();
}, TEST_TIMEOUT_MS);

const REQUESTS = STREAMS.find(({ consumer }) => consumer === 'downloader')!;

function streamOf(namespace: string): string {
  return `${namespace}_${REQUESTS.name}`;
}

async function managerAt(url: string): Promise<JetStreamManager> {
  const connection = await connect({ servers: url.split(',') });
  onTestFinished(() => connection.close());
  return jetstreamManager(connection, { checkAPI: false });
}

/** A server that leads neither the stream of requests nor its consumer. */
async function follower(namespace: string) {
  const stream = streamOf(namespace);
  const leaders = [await cluster.leaderOf(stream), await cluster.leaderOf(stream, REQUESTS.consumer)];
  return cluster.members.find((each) => !leaders.includes(each))!;
}

describe('a bus on three servers', { timeout: TEST_TIMEOUT_MS }, () => {
  it('is served the same by each of them', async () => {
    const { namespace, bus } = await openBus(cluster.url, { replicas: 3 });
    const message = request('a');
    message.model.context!.moduleId = 'shop@1.0.0';
    for (const { url } of cluster.members) {
      const { bus: other, refused } = await openBus(url, { replicas: 3, namespace });
      const hands = holding(other, 1);
      expect(await bus.publish({ ...message, dispatch: bus.depth('downloader') })).toBe(true);
      await vi.waitFor(() => expect([hands.seen, refused]).toEqual([['a'], []]), PATIENT);
      hands.ack();
      await vi.waitFor(() => expect(other.depth('downloader')).toBe(0), PATIENT);
      await hands.subscription.stop();
    }
  });

  it('drains what an earlier release left on subjects that servers cut', async () => {
    const { namespace } = await openBus(cluster.url, { replicas: 3 });
    const { url } = await follower(namespace);
    const { bus, refused } = await openBus(url, { replicas: 3, namespace });
    const message = request('old');
    message.model.context!.moduleId = 'shop@1.0.0';
    const connection = await connect({ servers: url });
    onTestFinished(() => connection.close());
    const subject = `${namespace}.chain.request.shop@1%2E0%2E0`;
    await jetstream(connection).publish(subject, encodeMessage(message), { headers: outgoingHeaders('request') });
    const hands = holding(bus, 1);
    await vi.waitFor(() => expect([hands.seen, refused]).toEqual([['old'], []]), PATIENT);
    hands.ack();
    // Acknowledged where the server listens: nothing is left, and nothing comes again.
    const manager = await managerAt(cluster.url);
    await vi.waitFor(async () => {
      expect((await manager.streams.info(streamOf(namespace))).state.messages).toBe(0);
    }, PATIENT);
  });

  it('goes on when the server is killed that leads the stream, and loses no message', async () => {
    const { namespace, bus } = await openBus(cluster.url, { replicas: 3, ackWaitMs: 2_000 });
    const ids = Array.from({ length: 20 }, (_, at) => `n${at}`);
    for (const id of ids) await bus.publish(request(id));
    const leader = await cluster.leaderOf(streamOf(namespace));
    await leader!.halt('SIGKILL');
    await vi.waitFor(async () => expect(await bus.publish(request('after'))).toBe(true), PATIENT);
    const hands = holding(bus, 50);
    await vi.waitFor(() => expect(new Set(hands.seen)).toEqual(new Set([...ids, 'after'])), PATIENT);
  });

  it('goes on when its own server is killed, on another one', async () => {
    const [mine, other] = cluster.members;
    const { namespace, bus } = await openBus(`${mine!.url},${other!.url}`, { replicas: 3 });
    const hands = holding(bus, 10);
    const connected = (await managerAt(mine!.url)).jetstream;
    expect(connected).toBeDefined();
    await mine!.halt('SIGKILL');
    await vi.waitFor(async () => expect(await bus.publish(request('after'))).toBe(true), PATIENT);
    await vi.waitFor(() => expect(hands.seen).toContain('after'), PATIENT);
    expect(namespace).not.toBe('');
  });

  it('waits while most servers are away, says so, and goes on when they are back', async () => {
    const { namespace, bus } = await openBus(cluster.url, { replicas: 3, requestTimeoutMs: 1_500 });
    // The stream has a leader a moment after it was made.
    await vi.waitFor(async () => expect(await bus.publish(request('before'))).toBe(true), PATIENT);
    const survivor = await follower(namespace);
    const gone = cluster.members.filter((each) => each !== survivor);
    await Promise.all(gone.map((each) => each.halt('SIGKILL')));
    await expect(bus.publish(request('during'))).rejects.toMatchObject({ code: 'bus.unavailable', class: 'retryable' });
    await Promise.all(gone.map((each) => each.resume()));
    const hands = holding(bus, 10);
    await vi.waitFor(() => expect(hands.seen).toContain('before'), PATIENT);
    await vi.waitFor(async () => expect(await bus.publish(request('after'))).toBe(true), PATIENT);
    await vi.waitFor(() => expect(hands.seen).toContain('after'), PATIENT);
  });

  it('makes a deleted stream again with its replicas, and takes what is sent after a purge', async () => {
    const { namespace, bus } = await openBus(cluster.url, { replicas: 3 });
    const hands = holding(bus, 10);
    const manager = await managerAt(cluster.url);
    const stream = streamOf(namespace);
    await manager.streams.delete(stream);
    await vi.waitFor(async () => expect(await bus.publish(request('again'))).toBe(true), PATIENT);
    await vi.waitFor(() => expect(hands.seen).toContain('again'), PATIENT);
    expect((await manager.streams.info(stream)).config.num_replicas).toBe(3);
    await manager.streams.purge(stream);
    await bus.publish(request('purged'));
    await vi.waitFor(() => expect(hands.seen).toContain('purged'), PATIENT);
  });

  it('refuses to change the replicas of a stream that this server would damage', async () => {
    const { namespace, bus } = await openBus(cluster.url, { replicas: 1 });
    await bus.close();
    await expect(openBus(cluster.url, { replicas: 3, namespace })).rejects.toMatchObject({
      code: 'bus.replicas_fixed',
      remedy: expect.stringContaining('set nats.replicas to 1'),
    });
  });

  it('keeps large bodies on as many servers, so that a kill takes none', async () => {
    const connection = await connectNats({ url: cluster.url, name: 'blobs' });
    onTestFinished(() => connection.close());
    const store = new BlobBuckets({ connection, replicas: 3 });
    const { key } = await store.put('run', 'node', Buffer.alloc(300_000, 7));
    await (await cluster.leaderOf('OBJ_r-run'))!.halt('SIGKILL');
    const body = await vi.waitFor(() => store.get('run', key), PATIENT);
    expect(body.byteLength).toBe(300_000);
    await vi.waitFor(() => store.put('run', 'other', Buffer.alloc(300_000, 8)), PATIENT);
  });
});

it('refuses servers with different credentials in one setting', async () => {
  const url = 'nats://a:b@127.0.0.1:4222,nats://127.0.0.1:4223';
  await expect(connectNats({ url, name: 'n' })).rejects.toMatchObject({ code: 'bus.contradicting_urls' });
});

it('names the storage when servers have too little for what the streams may hold', {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const small = await startNatsCluster({ maxFileStore: '8MB' });
  onTestFinished(() => small.stop());
  await expect(openBus(small.url, { replicas: 3 })).rejects.toMatchObject({
    code: 'bus.out_of_storage',
    class: 'retryable',
    remedy: expect.stringContaining('nats.stream_max_bytes'),
  });
});
