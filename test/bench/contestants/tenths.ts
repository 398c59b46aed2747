/** Watches a run's commits go by and notes, at each tenth of them, what it cost. */
import { statSync } from 'node:fs';
import { METRICS } from '../../../libs/telemetry/metric-names.ts';
import type { RunningNode } from '../../../services/node/running.ts';

export interface Tenth {
  readonly seconds: number;
  readonly nodesPerSecond: number;
  /** User and system time of the whole process. */
  readonly cpuSecondsPerNode: number;
  /** At its end. */
  readonly rssBytes: number;
  /** Of the database and its log, at its end. */
  readonly fileBytes: number;
}

const LOOK_EVERY_MS = 5;

/** Good commits so far. */
export function commitsOf({ metrics }: RunningNode): number {
  return metrics.counter(METRICS.ptmCommit).with({ result: 'COMMIT_OK' }).value;
}

/** Resolves with the ten tenths when `total` nodes have committed. The clock starts at once. */
export function watchTenths(node: RunningNode, path: string, total: number): Promise<Tenth[]> {
  const tenths: Tenth[] = [];
  let [lookedAtMs, committed, beganAtMs] = [performance.now(), 0, performance.now()];
  let cpu = process.cpuUsage();
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const count = commitsOf(node);
      for (let mark = boundary(tenths.length, total); mark <= count && tenths.length < 10; ) {
        // Between two looks commits are taken to come evenly.
        const endedAtMs = lookedAtMs + ((nowMs - lookedAtMs) * (mark - committed)) / (count - committed);
        const seconds = (endedAtMs - beganAtMs) / 1_000;
        const nodes = mark - (tenths.length === 0 ? 0 : boundary(tenths.length - 1, total));
        const { user, system } = process.cpuUsage(cpu);
        cpu = process.cpuUsage();
        const cpuSecondsPerNode = (user + system) / 1e6 / nodes;
        tenths.push({ seconds, nodesPerSecond: nodes / seconds, cpuSecondsPerNode, ...sizes(path) });
        beganAtMs = endedAtMs;
        mark = boundary(tenths.length, total);
      }
      [lookedAtMs, committed] = [nowMs, count];
      if (tenths.length < 10) return;
      clearInterval(timer);
      resolve(tenths);
    }, LOOK_EVERY_MS);
  });
}

/** Resolves when the first node has committed. */
export function firstCommit(node: RunningNode): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (commitsOf(node) === 0) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
}

function boundary(tenth: number, total: number): number {
  return Math.round((total * (tenth + 1)) / 10);
}

function sizes(path: string): Pick<Tenth, 'rssBytes' | 'fileBytes'> {
  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return { rssBytes: process.memoryUsage.rss(), fileBytes: size(path) + size(`${path}-wal`) };
}
