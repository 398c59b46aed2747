/** What becomes of a contestant's runs while its processes and servers are killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomNumbers } from '../crash/plan.ts';
import type { Contestant, ProofRun, ProofScene, ServerName } from './contestant.ts';
import { type Judged, judge } from './judge.ts';
import { startProofSite } from './site.ts';

export interface Measured {
  readonly runs: number;
  /** Kills of processes, or failures of a server. */
  readonly strikes: number;
  readonly lost: number;
  readonly doubled: number;
  readonly stuck: number;
  /** Runs that ended without what the join makes, or with a wrong one. */
  readonly wrongJoins: number;
  /** From a strike to the next request that came, in seconds, ascending. */
  readonly recoveredS: readonly number[];
  /** From its begin to its end, in seconds, ascending. */
  readonly runS: readonly number[];
}

export interface MeasureOptions {
  readonly contestant: Contestant;
  readonly seed: number;
  readonly strikes: number;
  /** Undefined: a process is killed. */
  readonly server: ServerName | undefined;
  readonly appendfsync: 'always' | 'everysec';
  /** Ends the run that is under way, with all that it started. */
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** A run that has not ended so long after its last strike is stuck. */
const STUCK_MS = 240_000;
/** Requests between two strikes: several strikes in most runs. */
const SPACING = { least: 100, most: 400 };

export async function measure(options: MeasureOptions): Promise<Measured> {
  const { contestant, seed, strikes, server, onProgress } = options;
  const random = randomNumbers(seed);
  const recoveredS: number[] = [];
  const runS: number[] = [];
  const judged: Judged[] = [];
  let [runs, done, stuck] = [0, 0, 0];
  while (done < strikes) {
    const ended = await oneRun(options, { random, left: strikes - done, recoveredS });
    runs += 1;
    done += ended.strikes;
    judged.push(ended.judged);
    if (ended.tookS === undefined) stuck += 1;
    else runS.push(ended.tookS);
    const { lost, doubled } = ended.judged;
    onProgress(
      `${contestant.name}, ${server ?? 'processes'}: ${done} of ${strikes} strikes, run ${runs} ${ended.tookS === undefined ? 'is stuck' : `took ${ended.tookS.toFixed(1)} s`}, lost ${lost}, doubled ${doubled}`,
    );
    // A run in which nothing could be struck would be repeated for ever.
    if (ended.strikes === 0 && runs > strikes + 10) break;
  }
  const sum = (of: (each: Judged) => number): number => judged.reduce((total, each) => total + of(each), 0);
  return {
    ...{ runs, stuck, strikes: done },
    lost: sum((each) => each.lost),
    doubled: sum((each) => each.doubled),
    wrongJoins: sum(({ isJoined }) => (isJoined ? 0 : 1)),
    recoveredS: recoveredS.sort((one, other) => one - other),
    runS: runS.sort((one, other) => one - other),
  };
}

interface Shared {
  readonly random: () => number;
  /** Strikes that are still to be made. */
  readonly left: number;
  readonly recoveredS: number[];
}

async function oneRun(
  { contestant, server, appendfsync, signal }: MeasureOptions,
  { random, left, recoveredS }: Shared,
) {
  const site = await startProofSite();
  const folder = await mkdtemp(join(tmpdir(), 'catena-proof-'));
  const scene: ProofScene = { url: site.url, folder, appendfsync, random };
  let run: ProofRun | undefined;
  try {
    const startedMs = performance.now();
    run = await contestant.begin(scene);
    const over = new AbortController();
    const ended = Promise.race([run.ended, abortOf(signal)]).finally(() => over.abort());
    ended.catch(() => {});
    let strikes = 0;
    while (strikes < left && !over.signal.aborted) {
      const after = SPACING.least + Math.floor(random() * (SPACING.most - SPACING.least));
      const late = AbortSignal.timeout(STUCK_MS);
      const isReached = await site.reached(site.requests + after, AbortSignal.any([over.signal, late])).then(
        () => true,
        () => false,
      );
      if (!isReached) break;
      strikes += 1;
      const struckMs = performance.now();
      await (server === undefined ? run.kill() : run.fail(server));
      const next = site.next(AbortSignal.any([over.signal, AbortSignal.timeout(STUCK_MS)]));
      await next.then(
        () => recoveredS.push((performance.now() - struckMs) / 1_000),
        () => undefined,
      );
    }
    const hasEnded = await Promise.race([ended.then(() => true), stuckAfter()]);
    const tookS = hasEnded ? (performance.now() - startedMs) / 1_000 : undefined;
    return { strikes, tookS, judged: judge(await run.items()) };
  } finally {
    await run?.stop();
    await site.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function stuckAfter(): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), STUCK_MS).unref();
  });
}
