/** Deployments, Jobs and headless Services on this machine: what a cluster does with the objects that the chart renders, as far as one machine allows. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosNetwork, Station } from '../../chaos/network.ts';
import type { KubernetesObject } from '../kubernetes-objects.ts';
import type { Image } from './image.ts';
import { Pod, type PodPlace } from './pod.ts';
import type { PodSpec } from './pod-spec.ts';

const NAMESPACE = 'default';
const READY_MS = 120_000;
const LOOK_MS = 100;

interface Running {
  readonly pod: Pod;
  readonly deployment: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly station: Station;
  isReady: boolean;
}

interface Deployment {
  readonly name: string;
  readonly replicas: number;
  readonly spec: PodSpec;
  readonly labels: Readonly<Record<string, string>>;
  /** Pods of an older one are replaced. */
  readonly hash: string;
}

export interface ClusterOptions {
  readonly network: ChaosNetwork;
  readonly image: Image;
  readonly scratch: string;
  readonly onProgress: (line: string) => void;
}

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #free: Station[];
  readonly #data = new Map<string, Readonly<Record<string, string>>>();
  readonly #services: { readonly name: string; readonly selector: Readonly<Record<string, string>> }[] = [];
  readonly #running = new Set<Running>();
  readonly #deployments = new Map<string, Deployment & { readonly running: Set<Running> }>();
  /** The changes of each Deployment, one after the other: a rollout also replaces the pod that is just being started for a dead one. */
  readonly #changes = new Map<string, Promise<unknown>>();
  readonly #hosts: string;
  #nextPod = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#free = [...options.network.stations];
    this.#hosts = join(options.scratch, 'hosts');
  }

  /** Pods that run, of one Deployment or of all. */
  pods(deployment?: string): readonly Pod[] {
    return [...this.#running]
      .filter((each) => deployment === undefined || each.deployment === deployment)
      .map(({ pod }) => pod);
  }

  putSecret(name: string, data: Readonly<Record<string, string>>): void {
    this.#data.set(`secret/${name}`, data);
  }

  /** As `helm upgrade --install --wait`: hooks first, then everything else, one pod at a time. Rejects when a Job or a pod fails. */
  async apply(objects: readonly KubernetesObject[]): Promise<void> {
    for (const object of objects) {
      if (object.kind === 'ConfigMap') {
        this.#data.set(`configMap/${object.metadata.name}`, object.data as Readonly<Record<string, string>>);
      } else if (object.kind === 'Service') {
        const { selector } = object.spec as { readonly selector: Readonly<Record<string, string>> };
        this.#services.push({ name: object.metadata.name, selector });
      }
    }
    await this.#writeHosts();
    for (const object of objects.filter(({ kind }) => kind === 'Job')) await this.#runJob(object);
    await Promise.all(
      objects
        .filter(({ kind }) => kind === 'Deployment')
        .map(deploymentOf)
        .map((next) => this.#inTurn(next.name, () => this.#roll(next))),
    );
  }

  /** Starts again what has died, until the function that it returns is called. */
  keepUp(): () => Promise<void> {
    let isOver = false;
    const loop = (async () => {
      while (!isOver) {
        for (const each of [...this.#running]) {
          if (each.pod.hasEnded) await this.#inTurn(each.deployment, () => this.#replace(each));
        }
        await sleep(LOOK_MS);
      }
    })();
    return async () => {
      isOver = true;
      await loop;
    };
  }

  async stop(): Promise<readonly Awaited<ReturnType<Pod['stop']>>[]> {
    const ends = await Promise.all([...this.#running].map(({ pod }) => pod.stop()));
    this.#running.clear();
    return ends;
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map(({ pod }) => pod.kill()));
  }

  async #runJob(object: KubernetesObject): Promise<void> {
    const { template } = object.spec as { readonly template: { readonly spec: PodSpec } };
    const station = this.#take();
    const pod = await Pod.start(object.metadata.name, template.spec, this.#placeAt(station));
    const { code } = await pod.ended;
    this.#free.push(station);
    if (code !== 0) throw new Error(`job ${pod.name} ended with ${code}: ${pod.log.join('')}`);
    this.#options.onProgress(`job ${pod.name} has ended well`);
  }

  #inTurn(deployment: string, change: () => Promise<void>): Promise<void> {
    const changed = (this.#changes.get(deployment) ?? Promise.resolve()).then(change);
    this.#changes.set(
      deployment,
      changed.catch(() => undefined),
    );
    return changed;
  }

  /** At most one pod more than there should be, and never one less. */
  async #roll(next: Deployment): Promise<void> {
    const running = this.#deployments.get(next.name)?.running ?? new Set<Running>();
    const isSame = this.#deployments.get(next.name)?.hash === next.hash;
    this.#deployments.set(next.name, { ...next, running });
    if (isSame) return;
    const old = [...running];
    for (let at = 0; at < next.replicas; at += 1) {
      const started = await this.#start(next);
      running.add(started);
      const former = old[at];
      if (former === undefined) continue;
      running.delete(former);
      const end = await this.#end(former);
      this.#options.onProgress(`${former.pod.name} gave way after ${Math.round(end.tookMs)} ms, code ${end.code}`);
      if (end.code !== 0 || end.wasKilled)
        throw new Error(`${former.pod.name} did not end well: ${former.pod.log.join('')}`);
    }
  }

  async #start(deployment: Deployment): Promise<Running> {
    const station = this.#take();
    this.#nextPod += 1;
    const pod = await Pod.start(`${deployment.name}-${this.#nextPod}`, deployment.spec, this.#placeAt(station));
    const running: Running = { pod, deployment: deployment.name, labels: deployment.labels, station, isReady: false };
    this.#running.add(running);
    const untilMs = performance.now() + READY_MS;
    while (!(await pod.isReady())) {
      if (pod.hasEnded || performance.now() > untilMs) throw new Error(`${pod.name} is not ready: ${pod.log.join('')}`);
      await sleep(LOOK_MS);
    }
    running.isReady = true;
    await this.#writeHosts();
    this.#options.onProgress(`${pod.name} is ready`);
    return running;
  }

  async #end(each: Running): Promise<Awaited<ReturnType<Pod['stop']>>> {
    // Its address goes at once, as that of a pod that terminates.
    each.isReady = false;
    await this.#writeHosts();
    const end = await each.pod.stop();
    this.#forget(each);
    return end;
  }

  async #replace(each: Running): Promise<void> {
    // A rollout has ended it meanwhile.
    if (!this.#running.has(each)) return;
    this.#forget(each);
    await this.#writeHosts();
    const deployment = this.#deployments.get(each.deployment)!;
    deployment.running.delete(each);
    deployment.running.add(await this.#start(deployment));
  }

  #forget(each: Running): void {
    this.#running.delete(each);
    this.#free.push(each.station);
  }

  #take(): Station {
    const station = this.#free.shift();
    if (station === undefined) throw new Error('there is no address left for a pod');
    return station;
  }

  #placeAt(station: Station): PodPlace {
    const { image, scratch } = this.#options;
    return {
      ...{ image, station, scratch, hosts: this.#hosts },
      data: (kind, name) => {
        const data = this.#data.get(`${kind}/${name}`);
        if (data === undefined) throw new Error(`there is no ${kind} ${name}`);
        return data;
      },
    };
  }

  /** A headless service has the addresses of its ready pods. */
  async #writeHosts(): Promise<void> {
    const lines = ['127.0.0.1 localhost'];
    for (const { name, selector } of this.#services) {
      for (const { pod, labels, isReady } of this.#running) {
        if (!isReady || !Object.entries(selector).every(([label, value]) => labels[label] === value)) continue;
        lines.push(`${pod.address} ${name} ${name}.${NAMESPACE}.svc ${name}.${NAMESPACE}.svc.cluster.local`);
      }
    }
    // In place: the file is mounted in every pod.
    await writeFile(this.#hosts, `${lines.join('\n')}\n`);
  }
}

function deploymentOf({ metadata, spec }: KubernetesObject): Deployment {
  const { replicas = 1, template } = spec as {
    readonly replicas?: number;
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpec;
    };
  };
  const { labels } = template.metadata;
  return { name: metadata.name, replicas, spec: template.spec, labels, hash: JSON.stringify(template) };
}
