/**
 * One chaos run: a deployment of real processes and servers, runs submitted to it without end, faults on a schedule; then
 * the faults stop, every run must close, and what they left is judged.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { Fleet } from './fleet.ts';
import { judgeRuns, type Verdict } from './judge.ts';
import { Load } from './load.ts';
import { type MessageCounts, Messages } from './messages.ts';
import { ChaosNetwork } from './network.ts';
import { type ChaosPlan, planChaos } from './plan.ts';
import { type Recovery, RecoveryWatch } from './recovery.ts';
import { Sampler } from './samples.ts';
import { type ChaosServers, startChaosServers } from './servers.ts';
import { LEASE_MS, settingsOf } from './settings.ts';
import { type Entry, startSite } from './site.ts';
import { type Struck, strikeAll } from './strike.ts';
import { worldOf } from './world.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** Whether the network and the disk fail too. */
  readonly hasMachine: boolean;
  /** At least so many nodes are submitted. */
  readonly nodes: number;
  /** For how long faults are injected. */
  readonly faultsForMs: number;
  /** How long runs may take to close once faults have stopped. */
  readonly settleMs: number;
  readonly signal: AbortSignal;
  /** Told what happens, in a line each. */
  readonly onProgress: (line: string) => void;
}

/** What was observed; {@link violationsOf} says what of it must not be. */
export interface Observed {
  readonly plan: ChaosPlan;
  readonly struck: readonly Struck[];
  readonly verdict: Verdict;
  readonly runs: number;
  readonly nodes: number;
  readonly ledger: readonly Entry[];
  readonly messages: MessageCounts;
  readonly sampler: Sampler;
  readonly recovered: readonly Recovery[];
  /** Faults after which nothing more of the kind was committed. */
  readonly unrecovered: readonly string[];
  readonly unexpectedEnds: readonly string[];
  /** What processes logged as errors, and how often. */
  readonly logged: ReturnType<Fleet['errors']>;
  /** From the first submission to the end of the last run. */
  readonly tookMs: number;
  /** From the end of the faults to the end of the last run. */
  readonly afterFaultsMs: number;
}

const SAMPLE_MS = 250;
const PROGRESS_MS = 10_000;
/** The longest that submitting may go on: multiples of the time for faults, and what there is without any. */
const WAITS_PER_FAULTS = 2;
const CALM_WAITING_MS = 120_000;
const SLOWEST_PAGE_MS = 300;
const MODULE = fileURLToPath(new URL('../fixtures/modules/chaos.ts', import.meta.url));

/** Starts everything, runs, judges, and ends everything that it started, however it goes. */
export async function runChaos(options: ChaosOptions): Promise<Observed> {
  const { seed, faultsForMs, hasMachine, onProgress } = options;
  const plan = planChaos({ seed, forMs: faultsForMs, leaseMs: LEASE_MS, hasMachine });
  const ends: (() => Promise<unknown> | unknown)[] = [];
  try {
    const network = await ChaosNetwork.open(plan.members.length);
    ends.push(() => network.close());
    const servers = await startChaosServers(plan.appendfsync);
    ends.push(() => servers.stop());
    const site = await startSite({ seed, worlds: (run) => worldOf(seed, run), slowestMs: SLOWEST_PAGE_MS });
    ends.push(() => site.stop());
    onProgress(`seed ${seed}: ${plan.layout}, appendfsync ${plan.appendfsync}, ${plan.faults.length} faults`);
    const fleet = await Fleet.start({
      members: plan.members,
      skewsMs: plan.skewsMs,
      stations: network.stations,
      env: settingsOf(servers, [MODULE]),
    });
    ends.push(() => fleet.stop());
    const messages = await Messages.open(servers.nats.url);
    ends.push(() => messages.close());
    const load = new Load({ seed, ingress: fleet.ingress, site });
    ends.push(() => load.close());
    return await observe({ options, plan, network, servers, site, fleet, messages, load });
  } finally {
    for (const end of ends.reverse()) await Promise.resolve(end()).catch((error: unknown) => onProgress(String(error)));
  }
}

interface Parts {
  readonly options: ChaosOptions;
  readonly plan: ChaosPlan;
  readonly network: ChaosNetwork;
  readonly servers: ChaosServers;
  readonly site: Awaited<ReturnType<typeof startSite>>;
  readonly fleet: Fleet;
  readonly messages: Messages;
  readonly load: Load;
}

async function observe(parts: Parts): Promise<Observed> {
  const { options, plan, network, servers, site, fleet, messages, load } = parts;
  const { nodes, faultsForMs, settleMs, onProgress } = options;
  const startedMs = performance.now();
  const now = () => performance.now() - startedMs;
  const struck: Struck[] = [];
  const recovery = new RecoveryWatch();
  const sampler = new Sampler(() => fleet.live());
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const sampling = sample(sampler, recovery, now, over.signal);
  const speaking = setInterval(
    () => onProgress(`${secondsOf(now())}  ${standOf(parts)}, ${sampler.total(METRICS.ptmCommit)} commits`),
    PROGRESS_MS,
  );
  try {
    let striking = true;
    const faults = strikeAll(
      {
        ...{ fleet, servers, messages, network, now },
        onEffect: (fault, affected) => {
          const atMs = now();
          void sampler.read().then(() => recovery.begin(fault, affected, atMs, sampler));
        },
        onStruck: (each) => {
          struck.push(each);
          onProgress(`${secondsOf(each.atMs)}  ${each.fault.kind}: ${each.what}`);
        },
      },
      plan.faults,
      signal,
    ).finally(() => {
      striking = false;
    });
    const isWanted = () => (striking || load.nodes < nodes) && now() < faultsForMs * WAITS_PER_FAULTS + CALM_WAITING_MS;
    // The load ends with the signal too; what a strike has taken down must be up again before anything else ends.
    const submitted = await Promise.allSettled([faults, load.submitWhile(isWanted, signal)]);
    for (const each of submitted) if (each.status === 'rejected') throw each.reason;
    site.heal();
    const healedMs = now();
    onProgress(`${secondsOf(healedMs)}  no more faults; ${standOf(parts)}`);
    await load.settle(AbortSignal.any([signal, AbortSignal.timeout(settleMs)])).catch((error: unknown) => {
      options.signal.throwIfAborted();
      onProgress(`${load.open.length} runs did not close: ${error}`);
    });
    const tookMs = now();
    await sampler.read();
    recovery.observe(tookMs, sampler);
    const verdict = await judgeRuns({
      databaseUrl: servers.databaseUrl,
      redis: { url: servers.redis.url, topology: 'sentinel' },
      load,
      ledger: site.ledger,
    });
    return {
      ...{ plan, struck, verdict, sampler, tookMs },
      runs: load.runs.length,
      nodes: load.nodes,
      ledger: site.ledger,
      messages: messages.counts,
      recovered: recovery.recovered,
      unrecovered: recovery.unrecovered,
      unexpectedEnds: fleet.unexpected,
      logged: fleet.errors(),
      afterFaultsMs: tookMs - healedMs,
    };
  } finally {
    clearInterval(speaking);
    over.abort();
    await sampling;
  }
}

function standOf({ site, load }: Parts): string {
  return `${site.ledger.length} requests answered, ${load.open.length} of ${load.runs.length} runs open`;
}

function secondsOf(ms: number): string {
  return `${(ms / 1_000).toFixed(1).padStart(6)} s`;
}

async function sample(
  sampler: Sampler,
  recovery: RecoveryWatch,
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sampler.read();
    recovery.observe(now(), sampler);
    await delay(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
}
