/**
 * The freeze test: hostile pages are read and author code fails in every way, beside innocent pages; meanwhile health and status are
 * asked all the time. Afterwards a single allocation, which may end its process, is made beside innocent pages.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { startBystander } from './bystander.ts';
import { AUTHOR_FAULTS, type AuthorFault, ONE_ALLOCATION } from './faults.ts';
import { type Asked, type Latencies, Probes } from './probe.ts';
import { hostileShapes, type Shape } from './shapes.ts';
import { type FreezeSite, startFreezeSite } from './site.ts';
import type { Left, Target } from './target.ts';

export interface FreezeOptions {
  readonly start: () => Promise<Target>;
  /** How long a part may take, in milliseconds. */
  readonly patienceMs: number;
  readonly onProgress: (line: string) => void;
}

export interface Observed {
  readonly target: string;
  readonly shapes: readonly Pick<Shape, 'name' | 'readBy'>[];
  readonly hostile: Left;
  readonly guilty: Left;
  readonly allocation: Left;
  /** How the process with the module that loops on load ended. */
  readonly loop: { readonly code: string; readonly ms: number };
  /** While nothing but innocent pages is read, for comparison. */
  readonly calm: Latencies;
  readonly latency: Latencies;
  readonly leasesLost: number;
  /** Processes that ended by themselves, before the single allocation and because of it. */
  readonly ends: readonly string[];
  readonly endsByAllocation: readonly string[];
  /** The innocent pages that were served, and the items of them. */
  readonly innocent: readonly { readonly pages: ReadonlySet<string>; readonly left: Left }[];
  readonly firstAskedMs: ReadonlyMap<string, number>;
  readonly tookMs: number;
}

const CHAINS = 6;
const CALM_MS = 5_000;
const LOOK_MS = 200;

export async function runFreeze({ start, patienceMs, onProgress }: FreezeOptions): Promise<Observed> {
  const shapes = hostileShapes();
  const sites: FreezeSite[] = [];
  const bystander = await startBystander();
  let target: Target;
  try {
    target = await start();
  } catch (error) {
    await bystander.stop();
    throw error;
  }
  const machine: Asked = {
    ...{ what: 'machine', of: 'a bystander' },
    ask: async () => void (await (await fetch(bystander.url)).text()),
  };
  const openSite = async () => {
    const site = await startFreezeSite(shapes);
    sites.push(site);
    return site;
  };
  const closed = async (what: string, runId: string) => {
    const untilMs = performance.now() + patienceMs;
    while (!(await target.isClosed(runId).catch(() => false))) {
      if (performance.now() > untilMs) throw new Error(`the ${what} run did not close within ${patienceMs} ms`);
      await delay(LOOK_MS);
    }
    onProgress(`${target.name}: the ${what} run is closed`);
  };
  /** Innocent pages go on while the work is done. */
  const besideInnocent = async (site: FreezeSite, work: (runId: string) => Promise<void>) => {
    const runId = await target.submit('page-chains', { base: site.base, chains: CHAINS });
    await work(runId);
    site.finish();
    await closed('innocent', runId);
    return { pages: site.innocent, runId };
  };
  try {
    const beganMs = performance.now();
    const site = await openSite();
    const loop = { code: '', ms: 0 };
    const runs = { hostile: '', guilty: '', allocation: '' };
    let latency: Latencies | undefined;
    let calm: Latencies | undefined;
    const first = await besideInnocent(site, async (innocentId) => {
      const quiet = new Probes([...target.asked(innocentId), machine]);
      await delay(CALM_MS);
      calm = await quiet.stop();
      const probes = new Probes([...target.asked(innocentId), machine]);
      const names = shapes.map(({ name }) => name);
      runs.hostile = await target.submit('hostile-pages', { base: site.base, shapes: names });
      runs.guilty = await target.submit('faults', faultyInput(site, AUTHOR_FAULTS));
      await Promise.all([
        target.startWithLoop().then((end) => Object.assign(loop, end)),
        closed('hostile', runs.hostile),
        closed('guilty', runs.guilty),
      ]);
      latency = await probes.stop();
    });
    const leasesLost = await leasesLostOf(target);
    const ends = target.processes.flatMap((each) => each.ends);
    const second = await besideInnocent(await openSite(), async () => {
      runs.allocation = await target.submit('faults', faultyInput(site, [ONE_ALLOCATION]));
      await closed('allocating', runs.allocation);
    });
    const tookMs = performance.now() - beganMs;
    const all = target.processes.flatMap((each) => each.ends);
    await target.end();
    return {
      ...{ target: target.name, shapes, loop, calm: calm!, latency: latency!, leasesLost, ends, tookMs },
      endsByAllocation: all.filter((each) => !ends.includes(each)),
      hostile: await target.left(runs.hostile),
      guilty: await target.left(runs.guilty),
      allocation: await target.left(runs.allocation),
      innocent: [
        { pages: first.pages, left: await target.left(first.runId) },
        { pages: second.pages, left: await target.left(second.runId) },
      ],
      firstAskedMs: site.firstAskedMs,
    };
  } finally {
    await target.stop();
    await Promise.all([bystander, ...sites].map((each) => each.stop()));
  }
}

function faultyInput({ base }: FreezeSite, faults: readonly AuthorFault[]) {
  return { base, paths: faults.map(({ path }) => path) };
}

async function leasesLostOf({ processes }: Target): Promise<number> {
  const lost = await Promise.all(processes.map((each) => each.counter(METRICS.ptmZombieRecover.name)));
  return lost.reduce((sum, count) => sum + count, 0);
}
