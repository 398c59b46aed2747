/**
 * Records the processes that were started on a data folder, in a file of that folder. If their starter is killed they keep running,
 * and the next starter ends them first. A process is identified by its id and its start time, because ids are reused.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

interface Entry {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: string;
}

const GRACE_MS = 10_000;
const LOOK_AGAIN_MS = 50;

export class ProcessLedger {
  readonly #path: string;
  #entries: readonly Entry[];

  constructor(path: string) {
    this.#path = path;
    this.#entries = readEntries(path);
  }

  /** Call it right after a start. A process that has already ended is not recorded. */
  add(name: string, pid: number): void {
    const startedAt = startOf(pid);
    if (startedAt !== undefined) this.#write([...this.#entries, { name, pid, startedAt }]);
  }

  remove(pid: number): void {
    this.#write(this.#entries.filter((entry) => entry.pid !== pid));
  }

  /** Ends all of them without waiting for anything. */
  killAll(): void {
    for (const entry of this.#entries) signal(entry, 'SIGKILL');
  }

  /** Ends the processes that an earlier starter left running, and returns their names. */
  async endLeftovers(): Promise<string[]> {
    const left = this.#entries.filter(isRunning);
    for (const entry of left) signal(entry, 'SIGTERM');
    const late = performance.now() + GRACE_MS;
    while (left.some(isRunning)) {
      if (performance.now() > late) for (const entry of left) signal(entry, 'SIGKILL');
      await delay(LOOK_AGAIN_MS);
    }
    this.#write([]);
    return left.map(({ name }) => name);
  }

  /** Written completely or not at all: the starter may be killed at any moment. */
  #write(entries: readonly Entry[]): void {
    this.#entries = entries;
    writeFileSync(`${this.#path}.new`, JSON.stringify(entries), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

function readEntries(path: string): readonly Entry[] {
  try {
    const entries: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { name, pid, startedAt } = value as Record<string, unknown>;
  return typeof name === 'string' && Number.isSafeInteger(pid) && (pid as number) > 1 && typeof startedAt === 'string';
}

function isRunning({ pid, startedAt }: Entry): boolean {
  return startOf(pid) === startedAt;
}

function signal(entry: Entry, name: NodeJS.Signals): void {
  try {
    if (isRunning(entry)) process.kill(entry.pid, name);
  } catch {
    // The process has ended meanwhile.
  }
}

/** The start time of a process, as text for comparison; undefined if it is not running. */
export function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain anything; after it the state is the first field, and the start time the 20th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${boot} ${fields[19]}`;
  } catch (thrown) {
    if ((thrown as { path?: unknown }).path !== '/proc/sys/kernel/random/boot_id') return undefined;
    return startByPs(pid);
  }
}

/** For systems without /proc. */
function startByPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] });
    return text.toString().trim() || undefined;
  } catch {
    return undefined;
  }
}
