/**
 * A network for a chaos run: each process is in a namespace of its own, all servers are in one, and packets between any two can be
 * lost in either direction. It exists in the namespace of this process, which {@link inOwnNetwork} has made, and goes with it.
 *
 *     servers, site, runner          process 0          process 1   …
 *          10.99.0.1                 10.99.0.10         10.99.0.11
 *              └──────────── bridge ─────┴──────────────────┘
 *
 * A packet that is to be lost is routed to a station that does not exist: nobody answers, and nobody is told.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readEnvironment } from '../../libs/config/environment.ts';
import { HOST, HOST_VARIABLE } from '../fixtures/servers/host.ts';

/** What gets lost: all between both, what the process sends, or what the server answers. */
export type Direction = 'both' | 'requests' | 'answers';

export interface Cut {
  readonly member: number;
  /** The ports of the server. */
  readonly ports: readonly number[];
  readonly direction: Direction;
}

export interface Station {
  readonly address: string;
  /** The command that runs a program there. */
  readonly within: readonly string[];
}

const BRIDGE = 'catena0';
const SERVERS = '10.99.0.1';
/** No station has this address and hardware address. */
const NOBODY = { address: '10.99.0.254', hardware: '02:00:00:00:00:fe' };
/** The routing table whose only way leads to nobody. */
const LOST = '99';

/** What the data of all servers has room for, with much to spare. */
const DISK_MIB = 1_024;

const run = promisify(execFile);

/** Runs this program again in a network of its own, on a disk of its own; resolves with its exit code. */
export async function inOwnNetwork(program: string, args: readonly string[], signal: AbortSignal): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('network namespaces are made by root alone: run this as root');
  const disk = await mkdtemp(join(tmpdir(), 'catena-chaos-'));
  const mount = `mount -t tmpfs -o size=${DISK_MIB}m,mode=1777 chaos "$0" && exec "$@"`;
  const own = ['--net', '--mount', 'sh', '-c', mount, disk];
  const child = spawn('unshare', [...own, process.execPath, program, ...args], {
    stdio: 'inherit',
    env: { ...readEnvironment(), [HOST_VARIABLE]: SERVERS, TMPDIR: disk },
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  const [code] = (await once(child, 'exit')) as [number | null];
  await rm(disk, { recursive: true, force: true });
  return code ?? 1;
}

/** Whether {@link inOwnNetwork} has started this program. */
export function isInOwnNetwork(): boolean {
  return HOST === SERVERS;
}

export class ChaosNetwork {
  readonly stations: readonly Station[];
  readonly #holders: readonly ChildProcess[];
  #nextRule = 1_000;

  private constructor(stations: readonly Station[], holders: readonly ChildProcess[]) {
    this.stations = stations;
    this.#holders = holders;
  }

  static async open(members: number): Promise<ChaosNetwork> {
    await ip('link set lo up');
    await ip(`link add ${BRIDGE} type bridge`);
    await ip(`addr add ${SERVERS}/24 dev ${BRIDGE}`);
    await ip(`link set ${BRIDGE} up`);
    await loseFrom(BRIDGE);
    const stations: Station[] = [];
    const holders: ChildProcess[] = [];
    for (let at = 0; at < members; at += 1) {
      const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
      holders.push(holder);
      const station = { address: `10.99.0.${10 + at}`, within: ['nsenter', `--net=/proc/${holder.pid}/ns/net`] };
      await namespaceOf(holder);
      await ip(`link add veth${at} type veth peer name eth0 netns ${holder.pid}`);
      await ip(`link set veth${at} master ${BRIDGE} up`);
      await ip('link set lo up', station);
      await ip(`addr add ${station.address}/24 dev eth0`, station);
      await ip('link set eth0 up', station);
      await loseFrom('eth0', station);
      stations.push(station);
    }
    return new ChaosNetwork(stations, holders);
  }

  /** Loses packets from now on; the returned function ends that. */
  async cut({ member, ports, direction }: Cut): Promise<() => Promise<void>> {
    const station = this.stations[member]!;
    const heals: (() => Promise<unknown>)[] = [];
    const lose = async (which: string, at?: Station) => {
      const rule = `${which} ipproto tcp lookup ${LOST} pref ${this.#nextRule}`;
      const undo = `rule del pref ${this.#nextRule}`;
      this.#nextRule += 1;
      await ip(`rule add ${rule}`, at);
      heals.push(() => ip(undo, at));
    };
    for (const port of ports) {
      if (direction !== 'answers') await lose(`to ${SERVERS} dport ${port}`, station);
      if (direction !== 'requests') await lose(`from ${SERVERS} to ${station.address} sport ${port}`);
    }
    return async () => void (await Promise.all(heals.map((heal) => heal())));
  }

  close(): void {
    for (const holder of this.#holders) holder.kill('SIGKILL');
  }
}

async function loseFrom(device: string, station?: Station): Promise<void> {
  await ip(`neigh add ${NOBODY.address} lladdr ${NOBODY.hardware} dev ${device} nud permanent`, station);
  await ip(`route add default via ${NOBODY.address} dev ${device} table ${LOST}`, station);
}

/** Resolves when the process has its own namespace: `unshare` makes it before it runs the command. */
async function namespaceOf({ pid }: ChildProcess): Promise<void> {
  const own = await namespaceId('self');
  for (let look = 0; look < 200; look += 1) {
    if ((await namespaceId(String(pid)).catch(() => own)) !== own) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`process ${pid} did not get a network namespace`);
}

async function namespaceId(pid: string): Promise<string> {
  return (await run('readlink', [`/proc/${pid}/ns/net`])).stdout.trim();
}

async function ip(command: string, station?: Station): Promise<void> {
  const [program = 'ip', ...args] = [...(station?.within ?? []), 'ip', ...command.split(' ')];
  await run(program, args);
}
