/** Keeps a service running: restarts it when it dies, and stops it on request. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { forcedAfter } from '../../concurrency/within.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { formatDuration } from '../terminal/format.ts';
import { readServiceLine } from './log-lines.ts';

export interface ServiceProcessOptions {
  readonly name: string;
  /** The program for Node, and its arguments. */
  readonly program: readonly string[];
  /** Its complete environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prints a line of its log, or one about it. */
  readonly print: (text: string) => void;
  readonly isColoured: boolean;
  readonly monotonicMs: () => number;
  /** Records the processes, in case this one is killed. */
  readonly ledger: { add(name: string, pid: number): void; remove(pid: number): void };
  /** Called when it can never run, because its configuration or a module is wrong. */
  readonly onHopeless: (error: CatenaError) => void;
  /** The first and the longest wait before a restart. Each is twice the one before. */
  readonly pausesMs?: readonly [first: number, longest: number];
}

const PAUSES_MS = [500, 15_000] as const;
/** After a process was ready for this long, the next restart begins with the first wait again. */
const SOUND_MS = 30_000;
/** The exit code for a wrong configuration or module: a restart would end the same way. */
const BAD_INPUT = 2;
/** Longer than a service's own limit for its drain. */
const STOP_TIMEOUT_MS = 35_000;

export class ServiceProcess {
  readonly #options: ServiceProcessOptions;
  readonly #ready = Promise.withResolvers<void>();
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #pauseMs: number;
  #readyAtMs: number | undefined;
  #gone: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(options: ServiceProcessOptions) {
    this.#options = options;
    this.#pauseMs = (options.pausesMs ?? PAUSES_MS)[0];
  }

  /** Resolves when it is ready for the first time. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Of the running process, if there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.#child !== undefined || this.#isStopping) return;
    const { program, env, ledger, name } = this.#options;
    // In a session of its own, so that Ctrl-C reaches only this process, which stops the services in order.
    const child = spawn(process.execPath, program, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...env },
    });
    this.#child = child;
    this.#readyAtMs = undefined;
    const { pid } = child;
    if (pid !== undefined) ledger.add(name, pid);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#show(line));
    }
    this.#gone = new Promise((resolve) => {
      child.once('error', (error) => this.#options.print(`could not be started: ${error.message}`));
      child.once('close', (code, signal) => {
        if (pid !== undefined) ledger.remove(pid);
        this.#child = undefined;
        this.#onEnd(code, signal);
        resolve();
      });
    });
  }

  /** Asks the process to end, and kills it if it does not. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    this.#child?.kill('SIGTERM');
    await forcedAfter(Promise.resolve(this.#gone), STOP_TIMEOUT_MS, () => this.#child?.kill('SIGKILL'));
  }

  #show(line: string): void {
    const { text, isReady } = readServiceLine(line, this.#options.isColoured);
    this.#options.print(text);
    if (!isReady) return;
    this.#readyAtMs = this.#options.monotonicMs();
    this.#ready.resolve();
  }

  #onEnd(code: number | null, signal: NodeJS.Signals | null): void {
    const { print, onHopeless, name, monotonicMs, pausesMs = PAUSES_MS } = this.#options;
    const how = `ended (${code ?? signal})`;
    if (this.#isStopping) {
      if (code !== 0 && signal !== 'SIGTERM') print(how);
      return;
    }
    if (code === BAD_INPUT && this.#readyAtMs === undefined) {
      onHopeless(hopeless(name));
      return;
    }
    const [first, longest] = pausesMs;
    if (this.#readyAtMs !== undefined && monotonicMs() - this.#readyAtMs >= SOUND_MS) this.#pauseMs = first;
    print(`${how}: restarting it in ${formatDuration(this.#pauseMs)}`);
    this.#restart = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, longest);
  }
}

function hopeless(name: string): CatenaError {
  return new CatenaError('cli.service_refused', `the service ${name} refused its configuration or a module`, {
    data: { service: name },
    remedy: 'read the last lines of its log above',
  });
}
