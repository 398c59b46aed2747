/** Runs a server as a child process: starts it, waits until it answers, and ends it by its process id. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { forcedAfter } from '../concurrency/within.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { Probe } from './probe.ts';
import type { ProcessLedger } from './process-ledger.ts';

export interface ServerProgram {
  /** The name of the server in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** What it prints when it listens. Until then the port may be another program's, which must not get the password. */
  readonly isReady?: RegExp;
  readonly answers: Probe;
  /** The signal that ends it cleanly, without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals;
  /** The user that it runs as; undefined: the current user. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface LocalServer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Resolves when the process has ended, with its last output. */
  readonly ended: Promise<string>;
  /** Resolves when the process has ended; idempotent. */
  stop(): Promise<void>;
  /** Ends it without waiting for anything. */
  kill(): void;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const LOOK_AGAIN_MS = 25;
const KEPT_CHARS = 4_000;

/** Resolves when it answers. Throws `servers.failed` with its output if it ends or hangs before that. */
export async function startServer(program: ServerProgram, ledger: ProcessLedger): Promise<LocalServer> {
  const { name, command, args, port, user } = program;
  // In a session of its own, so that Ctrl-C reaches only this process, which stops servers last.
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd: '/', ...user });
  const { printed, hasPrinted } = outputOf(child, program.isReady);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    // After the exit, when all of its output has arrived.
    child.once('close', (code, signal) => resolve(`it ended (${code ?? signal})${printed()}`));
  });
  const { pid } = child;
  if (pid !== undefined) {
    ledger.add(name, pid);
    child.once('exit', () => ledger.remove(pid));
  }
  const server = {
    name,
    pid: pid ?? 0,
    port,
    ended,
    stop: () => stopChild(child, program),
    kill: () => void child.kill('SIGKILL'),
  };
  try {
    await untilItAnswers(program, { ended, printed, hasPrinted });
    return server;
  } catch (thrown) {
    server.kill();
    throw thrown;
  }
}

interface Starting extends Output {
  readonly ended: Promise<string>;
}

async function untilItAnswers({ name, port, answers }: ServerProgram, { ended, printed, hasPrinted }: Starting) {
  const late = AbortSignal.timeout(START_TIMEOUT_MS);
  for (;;) {
    const outcome = await Promise.race([ended, hasPrinted() && answers(port)]);
    if (outcome === true) return;
    if (typeof outcome === 'string') throw failed(name, outcome);
    if (late.aborted) throw failed(name, `it does not answer on port ${port}${printed()}`);
    await delay(LOOK_AGAIN_MS);
  }
}

function failed(name: string, reason: string): CatenaError {
  return new CatenaError('servers.failed', `${name} could not be started: ${reason}`, {
    data: { server: name },
    remedy: 'read its output above; `catena dev --fresh` starts with empty data',
  });
}

async function stopChild(child: ChildProcess, { stopSignal }: ServerProgram): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(stopSignal);
  await forcedAfter(gone, STOP_TIMEOUT_MS, () => child.kill('SIGKILL'));
}

interface Output {
  /** The last output, for an error. */
  readonly printed: () => string;
  /** Whether it has printed that it is ready. */
  readonly hasPrinted: () => boolean;
}

function outputOf(child: ChildProcess, isReady: RegExp | undefined): Output {
  let text = '';
  let wasReady = isReady === undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-KEPT_CHARS);
      wasReady ||= isReady?.test(text) === true;
    });
  }
  return { printed: () => (text === '' ? '' : `:\n${text.trimEnd()}`), hasPrinted: () => wasReady };
}
