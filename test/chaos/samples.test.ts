import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { parseSamples, Sampler, total } from './samples.ts';

const text = [
  '# HELP ptm_commit_total Commits by their answer.',
  '# TYPE ptm_commit_total counter',
  'ptm_commit_total{result="COMMIT_OK"} 12',
  'ptm_commit_total{result="FENCING_REJECT"} 3',
  'parser_success_total 4',
  '',
].join('\n');

describe('samples', () => {
  it('are summed up over the series that have the labels', () => {
    const samples = parseSamples(text);
    expect(total(samples, METRICS.ptmCommit)).toBe(15);
    expect(total(samples, METRICS.ptmCommit, { result: 'FENCING_REJECT' })).toBe(3);
    expect(total(samples, METRICS.parserSuccess)).toBe(4);
    expect(total(samples, METRICS.parserFailed)).toBe(0);
  });

  it('of a process that is gone count as they were read last', async () => {
    const server = createServer(({ url }, response) => {
      response.statusCode = url === '/metrics' ? 200 : 404;
      response.end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const metricsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sampler = new Sampler(() => [{ metricsUrl }]);
    await sampler.read();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    await sampler.read();
    expect(sampler.total(METRICS.ptmCommit)).toBe(15);
  });
});
