/** The real program as a child process, each in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { programEnvironment } from '../test/fixtures/program-environment.ts';

export const ROOT = join(import.meta.dirname, '..');
export const SHOP = join(ROOT, 'examples/shop/shop.ts');
export const FIXTURES = join(ROOT, 'test/fixtures/modules');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class CatenaProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), 'catena-cli-'));
  readonly #children = new Set<ChildProcess>();

  /** `wrapper` is a command that runs the command in its arguments. */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    wrapper: readonly string[] = [],
  ): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const [command, ...rest] = [...wrapper, process.execPath, join(ROOT, 'services/catena.ts'), ...args];
    const child = spawn(command!, rest, {
      cwd: this.folder,
      env: programEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, ended: this.#track(child) };
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  /** The lines of a file, sorted. */
  rowsOf(file: string): string[] {
    return readFileSync(join(this.folder, file), 'utf8').trimEnd().split('\n').sort();
  }

  async dispose(): Promise<void> {
    for (const child of this.#children) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #track(child: ChildProcess): Promise<Ended> {
    this.#children.add(child);
    // A test may close a stream itself; errors after that are ignored.
    const [stdout, stderr] = [child.stdout!, child.stderr!].map((stream) => text(stream).catch(() => ''));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    this.#children.delete(child);
    return { code, signal, stdout: await stdout!, stderr: await stderr! };
  }
}
