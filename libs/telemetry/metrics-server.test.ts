import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { METRICS } from './metric-names.ts';
import { Metrics } from './metrics.ts';
import { startMetricsServer } from './metrics-server.ts';

async function serve() {
  const metrics = new Metrics();
  const server = await startMetricsServer({ listen: 'http://127.0.0.1:0', metrics });
  onTestFinished(() => server.close());
  return { metrics, server };
}

describe('the metrics server', () => {
  it('answers a scrape with what has been counted by then', async () => {
    const { metrics, server } = await serve();
    metrics.counter(METRICS.ptmClaim).with({ result: 'EXECUTE' }).add(3);
    const response = await fetch(`${server.url}/metrics?since=ever`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('ptm_claim_total{result="EXECUTE"} 3\n');
  });

  it('says that the process lives, and nothing else', async () => {
    const { server } = await serve();
    const answers = await Promise.all([
      fetch(`${server.url}/healthz`),
      fetch(`${server.url}/healthz`, { method: 'HEAD' }),
      fetch(`${server.url}/`),
      fetch(`${server.url}/metrics`, { method: 'POST', body: 'x' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 405]);
    expect(await answers[0]!.text()).toBe('ok\n');
  });

  it('tells a process that lives from one that can do its work, and why it cannot', async () => {
    const reasons: string[] = [];
    const health = { report: () => ({ isReady: reasons.length === 0, reasons, backends: [] }) };
    const server = await startMetricsServer({ listen: 'http://127.0.0.1:0', metrics: new Metrics(), health });
    onTestFinished(() => server.close());
    const ask = async (path: string) => {
      const answer = await fetch(server.url + path);
      return [answer.status, await answer.text()];
    };
    expect([await ask('/livez'), await ask('/readyz')]).toEqual([
      [200, 'ok\n'],
      [200, 'ok\n'],
    ]);
    reasons.push('redis: READONLY', 'nats: no answer within 2000 ms');
    expect([await ask('/livez'), await ask('/readyz')]).toEqual([
      [200, 'ok\n'],
      [503, 'redis: READONLY\nnats: no answer within 2000 ms\n'],
    ]);
  });

  it('survives what is no HTTP', async () => {
    const { server } = await serve();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.end('\u0000\u0001 nonsense\r\n\r\n');
    expect(await text(socket)).toContain('400');
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it('refuses a port that is taken, and says what to do', async () => {
    const { server } = await serve();
    const again = startMetricsServer({ listen: server.url, metrics: new Metrics() });
    await expect(again).rejects.toMatchObject({
      code: 'telemetry.cannot_listen',
      remedy: expect.stringMatching('free'),
    });
  });

  it('closes twice', async () => {
    const { server } = await serve();
    await server.close();
    await server.close();
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });
});
