/** Bodies that are cut off: kept where the request wants them, a failure everywhere else. */
import { describe, expect, it } from 'vitest';
import { get, startClient, startServer } from './loopback.fixture.ts';

describe('a body that is cut off', () => {
  it('by the time of the request is what had arrived, marked as partial', async () => {
    const { origin } = await startServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
    });
    const response = await get(startClient(), origin, { keepsPartial: true, totalTimeoutMs: 300 });
    expect(response).toMatchObject({ status: 200, partial: true });
    expect(Buffer.from(response.body).toString()).toBe('data: one\n\n');
  });

  it('is the failure of time where nobody asked for a part', async () => {
    const { origin } = await startServer((_request, response) => {
      response.writeHead(200);
      response.write('data: one\n\n');
    });
    const failing = get(startClient(), origin, { totalTimeoutMs: 300 });
    await expect(failing).rejects.toMatchObject({ code: 'download.timeout' });
  });

  it('before its first byte is the failure of time all the same', async () => {
    const { origin } = await startServer((_request, response) => {
      response.writeHead(200);
      response.flushHeaders();
    });
    const failing = get(startClient(), origin, { keepsPartial: true, totalTimeoutMs: 300 });
    await expect(failing).rejects.toMatchObject({ code: 'download.timeout' });
  });

  it('by the server is kept too', async () => {
    const { origin } = await startServer((request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => request.socket.destroy());
    });
    const response = await get(startClient(), origin, { keepsPartial: true });
    expect(response).toMatchObject({ partial: true });
    expect(Buffer.from(response.body).toString()).toBe('half');
  });

  it('that was compressed against the request is no text, and so a failure', async () => {
    const { origin, seen } = await startServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.write(Buffer.from([0x1f, 0x8b, 8, 0]));
    });
    const failing = get(startClient(), origin, { keepsPartial: true, totalTimeoutMs: 300 });
    await expect(failing).rejects.toMatchObject({ code: 'download.timeout' });
    expect(seen[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('and one that is whole are told apart', async () => {
    const { origin } = await startServer((_request, response) => response.end('whole'));
    expect(await get(startClient(), origin, { keepsPartial: true })).toMatchObject({ partial: false });
  });

  it('is given up like any other when the caller gives up', async () => {
    const { origin } = await startServer((_request, response) => {
      response.writeHead(200);
      response.write('some');
    });
    const failing = get(startClient(), origin, { keepsPartial: true }, AbortSignal.timeout(300));
    await expect(failing).rejects.toMatchObject({ code: 'download.aborted' });
  });
});
