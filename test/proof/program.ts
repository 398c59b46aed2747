/** A program that is killed and started again, with the same arguments, until it ends by itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readEnvironment } from '../../libs/config/environment.ts';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
}

export interface Supervised {
  /** Resolves when the program has ended with code 0; rejects with what it printed when it ends otherwise. */
  readonly ended: Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const KEPT_CHARS = 4_000;

export function supervise({ command, args, folder }: Command): Supervised {
  const over = Promise.withResolvers<void>();
  over.promise.catch(() => {});
  let child: ChildProcess;
  let isKilled = false;
  const launch = (): void => {
    child = spawn(command, [...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: readEnvironment() });
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-KEPT_CHARS);
    });
    child.once('error', over.reject);
    child.once('close', (code) => {
      if (isKilled) return;
      if (code === 0) over.resolve();
      else over.reject(new Error(`${command} ended with code ${code}: ${said}`));
    });
  };
  const end = async (): Promise<void> => {
    isKilled = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  };
  launch();
  return {
    ended: over.promise,
    kill: async () => {
      if (child.exitCode !== null) return;
      await end();
      isKilled = false;
      launch();
    },
    stop: end,
  };
}
