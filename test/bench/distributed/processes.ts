/** What processes cost, as the kernel counts it: so that services and servers are measured from outside, and alike. */
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's unit of CPU time in /proc: a hundredth of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of these processes and of their children, ended ones included. Those that are gone count nothing. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return familyOf(pids).reduce((sum, { ticks }) => sum + ticks / TICKS_PER_SECOND, 0);
}

/** The sum of the most memory that each of them has held. */
export function peakRssBytesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + peakRssBytes(pid), 0);
}

/**
 * The memory that these processes and their children have now, each page that they share counted once. Those that are gone have none.
 */
export function memoryBytesOf(pids: readonly number[]): number {
  return familyOf(pids).reduce((sum, { pid }) => {
    const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
    return sum + Number(kibibytes ?? 0) * 1_024;
  }, 0);
}

/** These processes and their children, without those that are gone. */
function familyOf(pids: readonly number[]): Stat[] {
  const family = new Set(pids);
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  return all.filter(({ pid, parent }) => family.has(pid) || family.has(parent));
}

function peakRssBytes(pid: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kibibytes ?? Number.NaN) * 1_024;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Its own, and those of its children that have ended. */
  readonly ticks: number;
}

function readStat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(pid, text);
}

/** Reads a line of /proc/<pid>/stat. The name in it may hold anything, brackets and blanks too. */
export function parseStat(pid: number, text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // From the state on: parent is the 2nd field; user, system, and both of ended children are the 12th to 15th.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid, parent: Number(fields[1]), ticks };
}

/** Undefined when the process is gone, or on another system than Linux. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
