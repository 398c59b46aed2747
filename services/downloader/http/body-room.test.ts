/** Bodies that grow within the memory of the process. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../libs/clock/clock.ts';
import { type BodyHold, BodyMemory } from '../../../libs/limits/body-memory.ts';
import type { HttpClient } from './http-client.ts';
import { type Handler, startClient, startServer } from './loopback.fixture.ts';
import { type HttpRequest, performRequest } from './request.ts';

const KIB = 1_024;
const BODY = Buffer.alloc(300 * KIB, 'x');

/** Room for two of the bodies: for one in the common part, for one in the lane. */
function openMemory() {
  return new BodyMemory({ capacityBytes: 1_100 * KIB, largestHoldBytes: 600 * KIB, clock: systemClock });
}

/** Downloads a page, and holds its body until it is released by the test. */
function download(client: HttpClient, url: string, hold: BodyHold, request: Partial<HttpRequest> = {}) {
  const ending = new AbortController();
  const response = performRequest(client, { method: 'GET', url, headers: {}, ...request }, ending.signal, {
    send: (hop, _redirects, cancellation) => client.send(hop, cancellation, hold),
  });
  response.catch(() => undefined);
  return { response, ending };
}

/** Sends the body in small pieces, without its length. */
const inPieces: Handler = (_request, response) => {
  for (let at = 0; at < BODY.length; at += 20 * KIB) response.write(BODY.subarray(at, at + 20 * KIB));
  response.end();
};
const atOnce: Handler = (_request, response) =>
  void response.writeHead(200, { 'content-length': BODY.length }).end(BODY);
const packed: Handler = (_request, response) => {
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(BODY));
};
/** Compressed beyond what is decoded on the spot. */
const packedNoise: Handler = (_request, response) => {
  const noise = Buffer.from(Array.from({ length: 90 * KIB }, (_, at) => (at * 2_654_435_761) >>> 24));
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.concat([noise, BODY])));
};

async function waitUntil(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 20_000, interval: 5 }).toBe(true);
}

describe('a body that grows within the memory of the process', () => {
  it.each<[string, Handler]>([
    ['with its length', atOnce],
    ['in pieces of unknown number', inPieces],
    ['compressed', packed],
    ['compressed and large', packedNoise],
  ])(
    '%s arrives whole, however many come at the same time, and never more at once than there is room',
    async (_name, send) => {
      const { origin } = await startServer(send);
      const client = startClient({ maxBodyBytes: 512 * KIB });
      const memory = openMemory();
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, memory.snapshot().heldBytes);
      }, 1);
      onTestFinished(() => clearInterval(watch));
      const bodies = await Promise.all(
        Array.from({ length: 12 }, async (_, n) => {
          const hold = memory.open();
          try {
            const { body } = await download(client, `${origin}/${n}`, hold).response;
            most = Math.max(most, memory.snapshot().heldBytes);
            return body.length;
          } finally {
            hold.release();
          }
        }),
      );
      expect(bodies.every((length) => length >= BODY.length)).toBe(true);
      expect(most).toBeLessThanOrEqual(1_100 * KIB + 12 * 64 * KIB);
      expect(memory.snapshot()).toMatchObject({ heldBytes: 0, waiting: 0 });
    },
  );

  it.each<[string, Handler]>([
    ['with its length', atOnce],
    ['in pieces', inPieces],
  ])('%s waits while there is no room, beyond its timeout too, and goes on when there is', async (_name, send) => {
    const { origin } = await startServer(send);
    const client = startClient({ bodyTimeoutMs: 500 });
    const memory = openMemory();
    const [common, lane, hold] = [memory.open(), memory.open(), memory.open()];
    void common.grow(500 * KIB);
    void lane.grow(600 * KIB);
    const { response } = download(client, `${origin}/`, hold, { totalTimeoutMs: 1_000 });
    await waitUntil(() => memory.snapshot().waiting === 1);
    await waitUntil(() => memory.snapshot().longestWaitMs > 1_500);
    common.release();
    lane.release();
    expect((await response).body.length).toBe(BODY.length);
  });

  it('waits no longer than its fixed end, if it has one', async () => {
    const { origin } = await startServer(atOnce);
    const memory = openMemory();
    const [common, lane] = [memory.open(), memory.open()];
    void common.grow(500 * KIB);
    void lane.grow(600 * KIB);
    const request = { totalTimeoutMs: 300, hasFixedEnd: true };
    const { response } = download(startClient(), `${origin}/`, memory.open(), request);
    await expect(response).rejects.toMatchObject({ code: 'download.timeout' });
  });

  it('that is aborted while it waits ends at once, and its connection is not read', async () => {
    const { origin } = await startServer(atOnce);
    const memory = openMemory();
    const [common, lane, hold, next] = [memory.open(), memory.open(), memory.open(), memory.open()];
    void common.grow(500 * KIB);
    void lane.grow(600 * KIB);
    const { response, ending } = download(startClient(), `${origin}/`, hold);
    await waitUntil(() => memory.snapshot().waiting === 1);
    ending.abort(new Error('the lease is lost'));
    await expect(response).rejects.toMatchObject({ code: 'download.aborted' });
    const wait = next.grow(200 * KIB);
    hold.release();
    common.release();
    await wait;
    expect(next.bytes).toBe(200 * KIB);
  });

  it('small pages do not wait, though the memory is full', async () => {
    const { origin } = await startServer((_request, response) => void response.end('x'.repeat(20 * KIB)));
    const memory = openMemory();
    void memory.open().grow(500 * KIB);
    void memory.open().grow(600 * KIB);
    const { body } = await download(startClient(), `${origin}/`, memory.open()).response;
    expect(body.length).toBe(20 * KIB);
  });

  it('a HEAD needs no room, whatever length it announces', async () => {
    const { origin } = await startServer((_request, response) => {
      response.writeHead(200, { 'content-length': 9_000_000 }).end();
    });
    const memory = openMemory();
    void memory.open().grow(500 * KIB);
    void memory.open().grow(600 * KIB);
    const { status } = await download(startClient(), `${origin}/`, memory.open(), { method: 'HEAD' }).response;
    expect(status).toBe(200);
  });
});
