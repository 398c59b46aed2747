/** A service that is kept running: started again when it dies, ended when that is asked for. */

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
  /** All of its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Shows a line of its log, or one about it. */
  readonly print: (text: string) => void;
  readonly isColoured: boolean;
  readonly monotonicMs: () => number;
  /** Remembers the processes, should this one be killed. */
  readonly ledger: { add(name: string, pid: number): void; remove(pid: number): void };
  /** Told when it can never run: what it was given is wrong. */
  readonly onHopeless: (error: CatenaError) => void;
  /** Waits before it is started again: the first, and the longest. Each is twice the one before. */
  readonly pausesMs?: readonly [first: number, longest: number];
}

const PAUSES_MS = [500, 15_000] as const;
/** A process that was ready for so long has nothing to do with the death before. */
const SOUND_MS = 30_000;
/** What a service ends with when its configuration or a module is wrong: another start would end the same way. */
const BAD_INPUT = 2;
/** A service gives up waiting by itself before this. */
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

  /** Resolves when it has been ready once. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Of the process that runs now, if one does. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.#child !== undefined || this.#isStopping) return;
    const { program, env, ledger, name } = this.#options;
    // A session of its own: Ctrl-C in the terminal is for us, and we end what we started in its order.
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

  /** Asks it to end, and ends it when it does not. Idempotent. */
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
    print(`${how}: it is started again in ${formatDuration(this.#pauseMs)}`);
    this.#restart = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, longest);
  }
}

function hopeless(name: string): CatenaError {
  return new CatenaError('cli.service_refused', `${name} cannot run with what it was given`, {
    data: { service: name },
    remedy: 'its last lines say what is wrong',
  });
}
