import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished, vi } from 'vitest';
import { silentLog } from './log.ts';
import { METRICS } from './metric-names.ts';
import { startMetricPush } from './metric-push.ts';
import { Metrics } from './metrics.ts';

/** A collector that keeps bodies as text: names and labels are spelled out in protobuf. */
async function collector(status = 200) {
  const bodies: string[] = [];
  const paths: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    bodies.push((await buffer(request)).toString('latin1'));
    paths.push(request.url);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, paths };
}

const RESOURCE = { 'service.name': 'parser', 'k8s.pod.name': 'p-1' };

it('pushes what a scrape would show, under the same names, with the resource; and once more at its stop', async () => {
  const { endpoint, bodies, paths } = await collector();
  const metrics = new Metrics();
  metrics.counter(METRICS.ptmClaim).with({ result: 'EXECUTE' }).add(3);
  metrics.histogram(METRICS.scriptLatencyMs).with({ script: 'ptm_claim' }).observe(4);
  const push = await startMetricPush({ endpoint, resource: RESOURCE, intervalMs: 3_600_000, metrics, log: silentLog });
  await vi.waitFor(() => expect(bodies).toHaveLength(1));
  expect(paths).toEqual(['/v1/metrics']);
  for (const text of ['ptm_claim_total', 'EXECUTE', 'script_latency_ms', 'redis_error_total', 'k8s.pod.name', 'p-1']) {
    expect(bodies[0]).toContain(text);
  }
  await push.stop();
  await push.stop();
  expect(bodies).toHaveLength(2);
});

it('a collector that refuses is told of once, and the process goes on', async () => {
  const { endpoint, bodies } = await collector(400);
  const warned: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warned.push(message) };
  const metrics = new Metrics();
  const push = await startMetricPush({ endpoint, resource: RESOURCE, intervalMs: 1, metrics, log });
  await vi.waitFor(() => expect(bodies.length).toBeGreaterThan(2));
  await push.stop();
  expect(warned).toEqual(['metrics could not be pushed; the next push has all']);
});
