/** The processes of a deployment that are killed, stopped and started again, each on the port that it had. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceName } from '../fixtures/deployment/deployment.ts';
import { type ServiceProcess, startService } from '../fixtures/deployment/service-process.ts';
import type { Station } from './network.ts';

interface Member {
  readonly name: ServiceName;
  readonly port: number;
  readonly skewMs: number;
  readonly station: Station;
  process: ServiceProcess | undefined;
  /** Killed, stopped or not up again yet. */
  isStruck: boolean;
}

export interface FleetOptions {
  readonly members: readonly ServiceName[];
  /** By how much the clock of each is wrong, in milliseconds. */
  readonly skewsMs: readonly number[];
  /** Where each of them runs. */
  readonly stations: readonly Station[];
  /** Settings of all of them, as environment variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** A start that met a server that is down is tried again, as whoever runs services does. */
const START_AGAIN_MS = 250;
/** Each process is alone at its address. */
const FIRST_PORT = 40_000;
const WRONG_CLOCK = new URL('wrong-clock.ts', import.meta.url).href;

export class Fleet {
  /** Processes that ended without having been told to, and what they said last. */
  readonly unexpected: string[] = [];
  readonly #members: readonly Member[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #started: ServiceProcess[] = [];
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  private constructor(members: readonly Member[], env: Readonly<Record<string, string>>) {
    this.#members = members;
    this.#env = env;
  }

  /** Resolves when all of them are ready. */
  static async start({ members: names, skewsMs, stations, env }: FleetOptions): Promise<Fleet> {
    const members: Member[] = [];
    for (const [at, name] of names.entries()) {
      const skewMs = skewsMs[at] ?? 0;
      const station = stations[at]!;
      members.push({ name, port: FIRST_PORT + at, skewMs, station, process: undefined, isStruck: false });
    }
    const addresses = (name: ServiceName) =>
      members.flatMap((each) => (each.name === name ? [addressOf(each)] : [])).join(',');
    const targets = {
      CATENA_GRPC_MODULE_PROCESSOR: addresses('module-processor'),
      CATENA_GRPC_ERROR_THRESHOLD: addresses('error-threshold'),
    };
    const reached = Object.fromEntries(Object.entries(targets).filter(([, target]) => target !== ''));
    const fleet = new Fleet(members, { ...env, ...reached });
    try {
      await Promise.all(members.map((member) => fleet.#launch(member)));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  }

  /** Where tasks are submitted. */
  get ingress(): string {
    const members = this.#members.filter(({ name }) => name === 'ingress' || name === 'all');
    return members.map(addressOf).join(',');
  }

  /** Those whose metrics can be read. */
  live(): readonly ServiceProcess[] {
    return this.#members.flatMap(({ process, isStruck }) => (process === undefined || isStruck ? [] : [process]));
  }

  nameOf(member: number): string {
    const { name, port } = this.#members[member]!;
    return `${name} (port ${port})`;
  }

  isStruck(member: number): boolean {
    return this.#members[member]!.isStruck;
  }

  /** Kills it with -9; after a while it is started again, in the background. */
  async kill(at: number, downMs: number): Promise<void> {
    const member = this.#members[at]!;
    const { process } = member;
    if (process === undefined) return;
    member.isStruck = true;
    member.process = undefined;
    const gone = once(process.child, 'exit');
    process.signal('SIGKILL');
    await gone;
    this.#track(this.#restart(member, downMs));
  }

  /** Stops it, and lets it go on after a while, in the background. */
  freeze(at: number, forMs: number): void {
    const member = this.#members[at]!;
    const { process } = member;
    if (process === undefined) return;
    member.isStruck = true;
    process.signal('SIGSTOP');
    this.#track(
      this.#wait(forMs).then(() => {
        process.signal('SIGCONT');
        member.isStruck = false;
      }),
    );
  }

  /** What processes logged as errors: `service: message: reason`, the most frequent first, and how often. */
  errors(): readonly (readonly [text: string, times: number])[] {
    const counts = new Map<string, number>();
    for (const { name, log } of this.#started) {
      for (const { level, msg, error } of log) {
        if (level !== 'error') continue;
        const { code = '', message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string };
        const text = `${name}: ${msg}: ${code} ${message}`;
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
    }
    return [...counts].sort(([, one], [, other]) => other - one);
  }

  /** Resolves when every process that was struck is up again. */
  async whole(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Ends all of them, by their own ids. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.whole().catch(() => undefined);
    await Promise.all(this.#members.map(({ process }) => process?.stop()));
  }

  async #restart(member: Member, downMs: number): Promise<void> {
    await this.#wait(downMs);
    while (!this.#stopping.signal.aborted) {
      const started = await this.#launch(member).then(
        () => true,
        () => false,
      );
      if (started) return;
      await this.#wait(START_AGAIN_MS);
    }
  }

  async #launch(member: Member): Promise<void> {
    const { name, skewMs, station } = member;
    const process = await startService({
      name,
      within: station.within,
      args: name === 'all' ? ['services/serve.ts'] : [`services/${name}/main.ts`],
      env: {
        ...this.#env,
        CATENA_GRPC_LISTEN: addressOf(member),
        CATENA_METRICS_LISTEN: `http://${station.address}:0`,
        ...(skewMs === 0 ? {} : { NODE_OPTIONS: `--import=${WRONG_CLOCK}`, CHAOS_SKEW_MS: String(skewMs) }),
      },
    });
    this.#started.push(process);
    member.process = process;
    member.isStruck = false;
    process.child.once('exit', (code, signal) => {
      if (member.process !== process || this.#stopping.signal.aborted) return;
      const said = process.log.slice(-5).map((line) => JSON.stringify(line));
      this.unexpected.push(`${name} ended by itself (${code ?? signal}): ${said.join(' ')}`);
    });
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

function addressOf({ port, station }: Member): string {
  return `${station.address}:${port}`;
}
