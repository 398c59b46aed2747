/**
 * A rendered pod, executed as a kubelet executes it: its command, environment and mounted files, a root that cannot be written, its
 * user, its probes of start and readiness, preStop, SIGTERM and grace. Each pod is in a network namespace of its own. Not done: the
 * liveness probe, limits of CPU and memory, network policies, scheduling, variables of services (the chart switches them off).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Station } from '../../chaos/network.ts';
import type { Image } from './image.ts';
import type { Container, HttpProbe, PodSpec } from './pod-spec.ts';
import { type Mount, within } from './root-folder.ts';

const run = promisify(execFile);

export interface PodPlace {
  readonly image: Image;
  readonly station: Station;
  /** Of the cluster's names, as /etc/hosts; it may change while the pod runs. */
  readonly hosts: string;
  /** The data of a ConfigMap or a Secret by its name. */
  readonly data: (kind: 'configMap' | 'secret', name: string) => Readonly<Record<string, string>>;
  readonly scratch: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Pod {
  readonly name: string;
  readonly address: string;
  readonly ended: Promise<Ended>;
  readonly log: string[] = [];
  readonly #spec: PodSpec;
  readonly #container: Container;
  readonly #child: ChildProcess;

  private constructor(name: string, spec: PodSpec, container: Container, child: ChildProcess, address: string) {
    this.name = name;
    this.#spec = spec;
    this.#container = container;
    this.#child = child;
    this.address = address;
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Ended);
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => this.log.push(text));
    }
  }

  static async start(name: string, spec: PodSpec, place: PodPlace): Promise<Pod> {
    const { image, station, hosts, scratch } = place;
    const [container] = spec.containers;
    const own = await mkdtemp(join(scratch, `${name}-`));
    const { runAsUser: uid = image.user.uid, runAsGroup: gid = image.user.gid, fsGroup } = spec.securityContext ?? {};
    const mounts = await mountsOf(container, spec, place, own, { uid, gid: fsGroup ?? gid });
    const env = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/bin:/bin',
      HOSTNAME: name,
      ...image.environment,
      ...environmentOf(container, name),
    };
    const isReadOnly = container.securityContext?.readOnlyRootFilesystem === true;
    const command = [...(container.command ?? image.entrypoint), ...(container.args ?? [])];
    const root = { folder: join(own, 'root'), app: image.app, hosts, mounts, isReadOnly };
    await mkdir(root.folder);
    const [program = '', ...args] = [...station.within, ...within(root, { uid, gid }, command)];
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    return new Pod(name, spec, container, child, station.address);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Whether its readiness probe succeeds now; without one, whether it runs. */
  async isReady(): Promise<boolean> {
    if (this.hasEnded) return false;
    const { startupProbe, readinessProbe } = this.#container;
    return (await this.#passes(startupProbe)) && (await this.#passes(readinessProbe));
  }

  /** As a kubelet stops it: preStop, SIGTERM, and SIGKILL after its grace. */
  async stop(): Promise<Ended & { readonly tookMs: number; readonly wasKilled: boolean }> {
    const startedMs = performance.now();
    const graceMs = (this.#spec.terminationGracePeriodSeconds ?? 30) * 1_000;
    let wasKilled = false;
    const kill = setTimeout(() => {
      wasKilled = true;
      this.#child.kill('SIGKILL');
    }, graceMs);
    const { command } = this.#container.lifecycle?.preStop?.exec ?? {};
    if (command !== undefined && !this.hasEnded) await this.exec(command);
    this.#child.kill('SIGTERM');
    const ended = await this.ended;
    clearTimeout(kill);
    return { ...ended, tookMs: performance.now() - startedMs, wasKilled };
  }

  /** Runs a command in the container. Rejects when it fails. */
  async exec(command: readonly string[]): Promise<void> {
    await run('nsenter', ['-t', String(this.#child.pid), '-m', '-n', '-r', ...command]);
  }

  /** As when its machine is lost. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  async #passes(probe: HttpProbe | undefined): Promise<boolean> {
    if (probe === undefined) return true;
    const { path, port } = probe.httpGet;
    const number = this.#container.ports?.find(({ name }) => name === port)?.containerPort ?? port;
    const signal = AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1_000);
    const answer = await fetch(`http://${this.address}:${number}${path}`, { signal }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok === true;
  }
}

/** The files of its volumes, written with the owner and the mode that a kubelet gives them. */
async function mountsOf(
  container: Container,
  spec: PodSpec,
  { data }: PodPlace,
  own: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const { name, mountPath, subPath, readOnly = false } of container.volumeMounts ?? []) {
    const volume = spec.volumes?.find((each) => each.name === name);
    if (volume === undefined) throw new Error(`there is no volume ${name} for ${mountPath}`);
    if (volume.emptyDir !== undefined) {
      mounts.push({ path: mountPath, source: undefined });
      continue;
    }
    if (volume.hostPath !== undefined) {
      mounts.push({ path: mountPath, source: volume.hostPath.path, isReadOnly: readOnly });
      continue;
    }
    const folder = join(own, name);
    const { secret, configMap } = volume;
    const files = secret === undefined ? data('configMap', configMap?.name ?? '') : data('secret', secret.secretName);
    const mode = secret?.defaultMode ?? 0o644;
    const items = secret?.items ?? Object.keys(files).map((key) => ({ key, path: key }));
    await mkdir(folder, { recursive: true });
    for (const { key, path } of items) {
      const text = files[key];
      if (text === undefined) throw new Error(`volume ${name} has no ${key}`);
      await writeFile(join(folder, path), text);
      await chmod(join(folder, path), mode);
      await chown(join(folder, path), 0, owner.gid);
    }
    mounts.push({
      path: mountPath,
      source: subPath === undefined ? folder : join(folder, subPath),
      isReadOnly: readOnly,
    });
  }
  return mounts;
}

/** As a kubelet makes it: fields of the pod, and in each value the variables before it. */
function environmentOf({ env = [] }: Container, name: string): Record<string, string> {
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': name,
    'metadata.namespace': 'default',
    'spec.nodeName': 'this-machine',
  };
  const made: Record<string, string> = {};
  for (const { name: variable, value = '', valueFrom } of env) {
    const field = valueFrom?.fieldRef.fieldPath;
    if (field !== undefined && fields[field] === undefined) throw new Error(`${variable}: no field ${field} here`);
    made[variable] =
      field === undefined ? value.replace(/\$\((\w+)\)/g, (text, of) => made[of] ?? text) : fields[field]!;
  }
  return made;
}
