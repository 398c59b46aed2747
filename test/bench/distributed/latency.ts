/** From a submission to its first request on the wire, measured at the site that is asked. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServiceName } from '../../fixtures/deployment/deployment.ts';
import type { LatencyJob, LatencyReport } from '../contestants/latency-single.ts';
import { runChild } from '../run-child.ts';
import { ROOT } from '../scratch.ts';
import { startFleet, submitTask, untilClosed } from './fleet.ts';
import { nowMs } from './instants.ts';
import type { CleanServers } from './servers.ts';

export interface LatencyTask {
  readonly submissions: number;
  readonly folder: string;
}

/** The first ones compile code and open connections: they do not count. */
const WARM_UP = 20;
const MODULE = `${ROOT}/test/bench/contestants/one-request.ts`;

/** Milliseconds of each submission to a process of its own. */
export function measureSingle({ submissions, folder }: LatencyTask): Promise<number[]> {
  return withSite(submissions + WARM_UP, async (urls) => {
    const job: LatencyJob = { urls, folder };
    return (await runChild<LatencyReport>({ script: 'contestants/latency-single.ts', job, folder })).submittedMs;
  });
}

/** Milliseconds of each submission to a fleet, the call of its ingress included. */
export async function measureFleet(
  { submissions }: LatencyTask,
  servers: CleanServers,
  services: readonly ServiceName[],
): Promise<number[]> {
  const env = { CATENA_LIMITS_REQUESTS_PER_SECOND: '0' };
  const fleet = await startFleet({ servers, services, module: MODULE, env });
  try {
    return await withSite(submissions + WARM_UP, async (urls) => {
      const submittedMs: number[] = [];
      for (const url of urls) {
        submittedMs.push(nowMs());
        await untilClosed(fleet.ingress, await submitTask(fleet.ingress, 'one-request@1.0.0', { url }));
      }
      return submittedMs;
    });
  } finally {
    await fleet.stop();
  }
}

/** Serves a page for each submission; `submit` answers when each was. Throws when a page was asked for twice or never. */
async function withSite(
  submissions: number,
  submit: (urls: readonly string[]) => Promise<readonly number[]>,
): Promise<number[]> {
  const arrivedMs = new Map<string, number>();
  let twice = 0;
  const site = createServer(({ url = '' }, response) => {
    if (arrivedMs.has(url)) twice += 1;
    arrivedMs.set(url, nowMs());
    response.statusCode = url === '/robots.txt' ? 404 : 200;
    response.end('<p>page</p>');
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  try {
    const { port } = site.address() as AddressInfo;
    const paths = Array.from({ length: submissions }, (_, at) => `/page/${at}`);
    const submittedMs = await submit(paths.map((path) => `http://127.0.0.1:${port}${path}`));
    const latencies = paths.map((path, at) => (arrivedMs.get(path) ?? Number.NaN) - submittedMs[at]!);
    if (twice > 0 || latencies.some(Number.isNaN)) throw new Error('a page was asked for twice or never');
    return latencies.slice(WARM_UP);
  } finally {
    site.closeAllConnections();
    site.close();
  }
}
