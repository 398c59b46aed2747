/** The measured side: a contestant in a process of its own, which gets its job as an argument and answers over IPC. */
import { readFileSync } from 'node:fs';
import { recordProfile } from './record-profile.ts';

/** What a contestant reports; times are of the work alone, after every module was loaded. */
export interface Measured<Result> {
  /** From the start of the process to the start of the work. */
  readonly startUpSeconds: number;
  readonly seconds: number;
  /** User and system time of the whole process, all threads, while the work went on. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  readonly result: Result;
}

/** Does the work, resolves when it is done, and answers a function that fetches the result: that is not measured. */
export type Work<Job, Result> = (job: Job) => Promise<() => Promise<Result>>;

/** Runs the work that the parent asked for, reports it and ends the process. */
export async function measure<Job, Result>(work: Work<Job, Result>): Promise<void> {
  const job = readJob<Job & { readonly profileTo?: string }>();
  const stopProfile = job.profileTo === undefined ? undefined : await recordProfile(job.profileTo);
  const startUpSeconds = performance.now() / 1_000;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const fetchResult = await work(job);
  const seconds = (performance.now() - startMs) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  const peak = peakRssBytes();
  await stopProfile?.();
  const result = await fetchResult();
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  await tellParent({ startUpSeconds, seconds, cpuSeconds, peakRssBytes: peak, result } satisfies Measured<Result>);
  process.exit(0);
}

/** The job, as `runChild` handed it over. */
export function readJob<Job>(): Job {
  const text = process.argv[2];
  if (text === undefined) throw new Error('started without a job: this file is run by npm run bench');
  return JSON.parse(text) as Job;
}

/** Resolves when the parent has it. */
export function tellParent(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) throw new Error('started without a parent: this file is run by npm run bench');
    process.send(message, undefined, {}, (error) => (error === null ? resolve() : reject(error)));
  });
}

/**
 * The most memory that the process has held. The kernel's figure for a process starts at that of the parent it was forked
 * from, so where /proc tells what this program alone has held, that is taken.
 */
function peakRssBytes(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1_024;
  } catch {
    // No /proc: another system than Linux.
  }
  return process.resourceUsage().maxRSS * 1_024;
}
