/** BullMQ on the three-step chain: its processes, and what came of them. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { BullMqJob, BullMqOrder, BullMqReport, Chain } from '../contestants/bullmq-worker.ts';
import { cpuSecondsOf, peakRssBytesOf } from './processes.ts';
import type { CleanServers } from './servers.ts';

export interface BullMqRun {
  readonly startUpSeconds: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly redisCpuSeconds: number;
  readonly peakRssBytes: number;
  readonly steps: number;
  readonly results: readonly Chain[];
}

export interface BullMqOptions {
  readonly servers: CleanServers;
  readonly processes: number;
  readonly chains: number;
  readonly concurrency: number;
  readonly finished: BullMqJob['finished'];
}

const WORKER = join(import.meta.dirname, '../contestants/bullmq-worker.ts');

/** Has BullMQ execute the chains, from the first job that is added to the last one that is completed. */
export async function runBullMq({
  servers,
  processes,
  chains,
  concurrency,
  finished,
}: BullMqOptions): Promise<BullMqRun> {
  const loadMs = performance.now();
  const job: BullMqJob = { redisPort: servers.redisPort, concurrency, finished };
  const workers = Array.from({ length: processes }, () => new WorkerProcess(job));
  try {
    await Promise.all(workers.map(({ ready }) => ready));
    const pids = workers.map(({ pid }) => pid);
    const startUpSeconds = (performance.now() - loadMs) / 1_000;
    const cpuBefore = cpuSecondsOf(pids);
    const redisBefore = servers.cpuSeconds().redis;
    const startMs = performance.now();
    workers[0]!.send({ kind: 'add', chains });
    await allEnded(workers, chains);
    const seconds = (performance.now() - startMs) / 1_000;
    const cpuSeconds = cpuSecondsOf(pids) - cpuBefore;
    const redisCpuSeconds = servers.cpuSeconds().redis - redisBefore;
    const peakRssBytes = peakRssBytesOf(pids);
    for (const worker of workers) worker.send({ kind: 'report' });
    const reports = await Promise.all(workers.map(({ results }) => results));
    const results = reports.flatMap((report) => report.results);
    const steps = reports.reduce((sum, report) => sum + report.steps, 0);
    return { startUpSeconds, seconds, cpuSeconds, redisCpuSeconds, peakRssBytes, steps, results };
  } catch (error) {
    for (const worker of workers) worker.kill();
    throw error;
  }
}

async function allEnded(workers: readonly WorkerProcess[], chains: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const worker of workers) {
    worker.onEnded = () => {
      if (workers.reduce((sum, { ended }) => sum + ended, 0) >= chains) resolve();
    };
  }
  await Promise.race([promise, ...workers.map(({ gone }) => gone)]);
}

class WorkerProcess {
  readonly ready: Promise<void>;
  readonly results: Promise<Extract<BullMqReport, { kind: 'results' }>>;
  /** Rejects when it ends before it has reported. */
  readonly gone: Promise<never>;
  ended = 0;
  onEnded: () => void = () => undefined;
  readonly #child: ChildProcess;

  constructor(job: BullMqJob) {
    this.#child = fork(WORKER, [JSON.stringify(job)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ready = Promise.withResolvers<void>();
    const results = Promise.withResolvers<Extract<BullMqReport, { kind: 'results' }>>();
    const gone = Promise.withResolvers<never>();
    this.#child.on('message', (report: BullMqReport) => {
      if (report.kind === 'ready') ready.resolve();
      else if (report.kind === 'results') results.resolve(report);
      else {
        this.ended = report.chains;
        this.onEnded();
      }
    });
    this.#child.once('close', (code, signal) => gone.reject(new Error(`a BullMQ worker ended with ${code ?? signal}`)));
    gone.promise.catch(() => undefined);
    this.gone = gone.promise;
    this.ready = Promise.race([ready.promise, gone.promise]);
    this.results = Promise.race([results.promise, gone.promise]);
    this.results.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  send(order: BullMqOrder): void {
    this.#child.send(order);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
