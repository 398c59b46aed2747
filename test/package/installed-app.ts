/**
 * An empty folder with the packed product in it, as npm would lay it out. Its dependencies are linked from the repository's
 * own, and only those that the package itself names: nothing is downloaded, and an import that it forgot to name fails.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE } from './build.ts';
import type { PackageManifest } from './manifest.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface InstalledApp {
  readonly folder: string;
  readonly manifest: PackageManifest;
  /** What the tarball holds, as paths in it. */
  readonly files: readonly string[];
  write(name: string, text: string): string;
  /** Runs Node in the folder. */
  node(...args: string[]): Promise<Finished>;
  remove(): void;
}

/** Packs what was built, and unpacks it where npm would. */
export async function installPackage(): Promise<InstalledApp> {
  const folder = mkdtempSync(join(tmpdir(), 'catena-package-'));
  const target = join(folder, 'node_modules/catena');
  mkdirSync(target, { recursive: true });
  const packed = await run('npm', ['pack', PACKAGE, '--pack-destination', folder, '--json', '--offline'], folder);
  if (packed.code !== 0) throw new Error(`npm could not pack ${PACKAGE}: ${packed.stderr}`);
  const tarball = join(folder, /"filename": *"([^"]+)"/.exec(packed.stdout)![1]!);
  const listed = await run('tar', ['-tzf', tarball], folder);
  const unpacked = await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'], folder);
  if (unpacked.code !== 0) throw new Error(`the tarball could not be unpacked: ${unpacked.stderr}`);
  const manifest = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as PackageManifest;
  for (const name of Object.keys(manifest.dependencies)) link(name, join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{ "name": "app", "private": true, "type": "module" }');
  return {
    folder,
    manifest,
    files: listed.stdout
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, '')),
    write: (name, text) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    node: (...args) => run(process.execPath, args, folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function link(name: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules', name), path);
}

async function run(command: string, args: readonly string[], cwd: string): Promise<Finished> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { cwd, maxBuffer: 64 * 1024 * 1024 });
    return { code: 0, stdout, stderr };
  } catch (thrown) {
    const { code, stdout = '', stderr = String(thrown) } = thrown as Partial<Finished>;
    return { code: typeof code === 'number' ? code : -1, stdout, stderr };
  }
}
