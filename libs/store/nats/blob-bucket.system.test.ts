import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { describeBlobStore } from '../../../test/conformance/blob-store.ts';
import { type NatsServer, startNatsServer } from '../../../test/fixtures/servers/nats-server.ts';
import { BlobBuckets } from './blob-bucket.ts';

let server: NatsServer;
let opened = 0;

beforeAll(async () => {
  server = await startNatsServer();
});

afterAll(async () => {
  await server?.stop();
});

async function connection(url = server.url): Promise<NatsConnection> {
  const made = await connect({ servers: url, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  onTestFinished(() => made.close());
  return made;
}

function newNamespace(): string {
  opened += 1;
  return `t${opened}`;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describeBlobStore('JetStream', async () => {
  const namespace = newNamespace();
  const [one, other] = [await connection(), await connection()];
  return {
    store: new BlobBuckets({ connection: one, namespace }),
    reopen: () => new BlobBuckets({ connection: other, namespace }),
  };
});

describe('BlobBuckets', () => {
  it('leaves nothing of a run, parts that a killed writer left behind included', async () => {
    const namespace = newNamespace();
    const nats = await connection();
    const store = new BlobBuckets({ connection: nats, namespace });
    await store.put('r', 'k', bytes('whole'));
    nats.publish(`$O.${namespace}_r-r.C.half`, 'part');
    await nats.flush();
    const manager = await jetstreamManager(nats);
    const buckets = async () => (await manager.streams.names().next()).filter((name) => name.includes(`${namespace}_`));
    expect(await buckets()).toEqual([`OBJ_${namespace}_r-r`]);
    expect((await manager.streams.info(`OBJ_${namespace}_r-r`)).state.messages).toBe(3);
    await store.deleteRun('r');
    expect(await buckets()).toEqual([]);
  });

  it('gives nobody a blob whose parts are incomplete', async () => {
    const namespace = newNamespace();
    const nats = await connection();
    const store = new BlobBuckets({ connection: nats, namespace });
    await store.put('r', 'k', new Uint8Array(500_000));
    const manager = await jetstreamManager(nats);
    await manager.streams.deleteMessage(`OBJ_${namespace}_r-r`, 2);
    await expect(store.get('r', 'k')).rejects.toMatchObject({ code: 'store.blob_missing', class: 'retryable' });
  });

  it('deletes a run of many blobs in one request', async () => {
    const nats = await connection();
    const store = new BlobBuckets({ connection: nats, namespace: newNamespace() });
    for (let batch = 0; batch < 20; batch++) {
      await Promise.all(Array.from({ length: 25 }, (_, n) => store.put('r', `${batch}/${n}`, bytes('x'))));
    }
    const before = nats.stats().outMsgs;
    await store.deleteRun('r');
    expect(nats.stats().outMsgs - before).toBe(1);
    await expect(store.get('r', '0/0')).rejects.toMatchObject({ code: 'store.blob_missing' });
  });

  it('is retryable while the server is away, in bounded time, and starts anew on one that lost its data', async () => {
    const own = await startNatsServer();
    onTestFinished(() => own.stop());
    const nats = await connection(own.url);
    const store = new BlobBuckets({ connection: nats, requestTimeoutMs: 500 });
    await store.put('r', 'k', bytes('first'));
    await own.halt();
    await expect(store.put('r', 'k', bytes('x'))).rejects.toMatchObject({ code: 'store.io_error', class: 'retryable' });
    await expect(store.get('r', 'k')).rejects.toMatchObject({ code: 'store.io_error', class: 'retryable' });
    const back = new Promise<void>((resolve) => {
      void (async () => {
        for await (const status of nats.status()) if (status.type === 'reconnect') return resolve();
      })();
    });
    await own.resume();
    await back;
    expect(Buffer.from(await store.get('r', 'k')).toString()).toBe('first');
    await own.restart({ keepData: false });
    await expect
      .poll(() => store.get('r', 'k').catch((error) => error.code), { timeout: 60_000 })
      .toBe('store.blob_missing');
    await store.put('r', 'k', bytes('second'));
    expect(Buffer.from(await store.get('r', 'k')).toString()).toBe('second');
  });

  it('says when the server has no space left', async () => {
    const own = await startNatsServer({ config: 'jetstream { max_file_store: 1MB }' });
    onTestFinished(() => own.stop());
    const store = new BlobBuckets({ connection: await connection(own.url) });
    await expect(store.put('r', 'k', new Uint8Array(4_000_000))).rejects.toMatchObject({
      code: 'store.disk_full',
      class: 'retryable',
    });
  });
});
