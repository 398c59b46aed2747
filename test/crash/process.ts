import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readEnvironment } from '../../libs/config/environment.ts';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly wallMs: number;
}

/** A program of this repository, run by the Node that runs us. */
export function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...readEnvironment(), ...environment },
  });
}

/** Resolves when the process has ended; `killAfterMs` kills it with -9 unless it has ended by then. */
export async function ended(child: ChildProcess, killAfterMs?: number): Promise<Ended> {
  const startedMs = performance.now();
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-20_000);
  });
  child.stdout?.resume();
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return { code, signal, stderr, wallMs: performance.now() - startedMs };
}

/** The first line that a process prints, as JSON. Throws when it ends without one. */
export async function firstLine<T>(child: ChildProcess): Promise<T> {
  for await (const line of createInterface({ input: child.stdout! })) return JSON.parse(line) as T;
  throw new Error('the process ended before it printed a line');
}
