import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { type Log, silentLog } from '../log.ts';
import { Metrics } from '../metrics.ts';
import type { Alert } from './alert.ts';
import { AlertChannel, type AlertChannelOptions } from './alert-channel.ts';

const opened: Alert = {
  key: 'breaker:a',
  grade: 'warning',
  kind: 'breaker',
  summary: 'it opened',
  atMs: 1,
  details: {},
};
const closed: Alert = { ...opened, grade: 'resolved', summary: 'it closed' };

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A receiver on loopback that keeps what it was told, and a channel to it. */
async function channelTo(answer: Answer, options: Partial<AlertChannelOptions> = {}) {
  const got: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    const { key, grade } = JSON.parse(body) as Alert;
    got.push(`${key} ${grade}`);
    answer(request, response, got.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const warnings: unknown[] = [];
  const log: Log = { ...silentLog, warn: (message, fields) => void warnings.push({ message, ...fields }) };
  const metrics = new Metrics();
  const channel = new AlertChannel({
    ...{ webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=s3cret`, format: 'json' },
    ...{ secret: undefined, source: 'host-1', clock: new ManualClock(), log, metrics },
    ...{ retryDelayMs: 1, timeoutMs: 2_000, ...options },
  });
  onTestFinished(async () => {
    await channel.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { channel, got, warnings, counted: (outcome: string) => countOf(metrics, outcome) };
}

function countOf(metrics: Metrics, outcome: string): number {
  const line = metrics.expose().match(new RegExp(`^\\S+\\{outcome="${outcome}"\\} (\\d+)$`, 'm'));
  return Number(line?.[1] ?? 0);
}

const ok: Answer = (_request, response) => response.end('ok');

describe('the channel of alerts (B33, B47)', () => {
  it('tells each trouble once, its end, and its next beginning, in their order', async () => {
    const { channel, got, counted } = await channelTo(ok);
    for (const alert of [opened, opened, closed, opened, { ...opened, key: 'breaker:b' }]) channel.raise(alert);
    await vi.waitFor(() => expect(got).toHaveLength(4));
    expect(got).toEqual(['breaker:a warning', 'breaker:a resolved', 'breaker:a warning', 'breaker:b warning']);
    await vi.waitFor(() => expect([counted('sent'), counted('known'), counted('lost')]).toEqual([4, 1, 0]));
  });

  it('tells what gets worse, and nothing that only gets better', async () => {
    const { channel, got } = await channelTo(ok);
    for (const grade of ['warning', 'critical', 'warning', 'critical', 'resolved'] as const)
      channel.raise({ ...opened, grade });
    await channel.stop();
    expect(got).toEqual(['breaker:a warning', 'breaker:a critical', 'breaker:a resolved']);
  });

  it('does not tell what another process has told', async () => {
    const { channel, got } = await channelTo(ok);
    channel.heard(opened);
    channel.raise(opened);
    channel.heard(closed);
    channel.raise(opened);
    await channel.stop();
    expect(got).toEqual(['breaker:a warning']);
  });

  it('tries again when the receiver is unwell', async () => {
    const { channel, got, warnings } = await channelTo((_request, response, count) => {
      if (count === 1) response.destroy();
      else if (count === 2) response.writeHead(503).end();
      else response.end('ok');
    });
    channel.raise(opened);
    await channel.stop();
    expect(got).toHaveLength(3);
    expect(warnings).toEqual([]);
  });

  it('gives up after three tries, says so without naming the address, and may be told anew', async () => {
    const { channel, got, warnings, counted } = await channelTo((_request, response) =>
      response.writeHead(400).end('no'),
    );
    channel.raise(opened);
    await vi.waitFor(() => expect(counted('lost')).toBe(1));
    expect(got).toHaveLength(3);
    expect(warnings).toMatchObject([
      { message: 'an alert could not be sent', alert: 'breaker:a', reason: 'answered 400' },
    ]);
    expect(JSON.stringify(warnings)).not.toContain('s3cret');
    channel.raise(opened);
    await channel.stop();
    expect(got).toHaveLength(6);
  });

  it('cuts off a receiver that does not answer', async () => {
    const { channel, warnings, counted } = await channelTo(() => {}, { timeoutMs: 30 });
    channel.raise(opened);
    await vi.waitFor(() => expect(counted('lost')).toBe(1));
    expect(warnings).toMatchObject([{ reason: 'TimeoutError' }]);
  });

  it('reads no more than the beginning of an endless answer', async () => {
    const { channel, counted } = await channelTo(
      (_request, response) => {
        const more = setInterval(() => response.write('x'.repeat(10_000)), 1);
        response.on('close', () => clearInterval(more));
      },
      { timeoutMs: 5_000 },
    );
    channel.raise(opened);
    await vi.waitFor(() => expect(counted('sent')).toBe(1));
  });

  it('never fails or holds up whoever raises an alert, also without a receiver', async () => {
    const { channel, warnings, counted } = await channelTo(ok, { webhook: 'http://127.0.0.1:1/hook?token=s3cret' });
    channel.raise(opened);
    await vi.waitFor(() => expect(counted('lost')).toBe(1));
    expect(JSON.stringify(warnings)).not.toContain('s3cret');
  });

  it('keeps a bounded number waiting, and counts the others as lost', async () => {
    const { channel, got, counted } = await channelTo(ok);
    for (let no = 0; no < 150; no += 1) channel.raise({ ...opened, key: `breaker:${no}` });
    expect(counted('lost')).toBe(49);
    await channel.stop();
    expect(got).toHaveLength(101);
  });

  it('may be stopped twice, and takes nothing afterwards', async () => {
    const { channel, got } = await channelTo(ok);
    channel.raise(opened);
    await Promise.all([channel.stop(), channel.stop()]);
    channel.raise(closed);
    await channel.stop();
    expect(got).toEqual(['breaker:a warning']);
  });
});
