/** The peers that Catena is measured beside: a package of its own, so that nobody else has to install them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { readEnvironment } from '../../libs/config/environment.ts';
import { ROOT } from './scratch.ts';

const PEERS = join(ROOT, 'test/bench/peers');

/** Installs what `peers/package-lock.json` names, unless that has been done. Throws when npm fails. */
export function installPeers(): void {
  const installed = join(PEERS, 'node_modules/.package-lock.json');
  const lock = join(PEERS, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('installing the peers into test/bench/peers …');
  const env = readEnvironment();
  const run = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    stdio: ['ignore', 'ignore', 'inherit'],
    // The Node that runs this, not whichever the machine's npm finds first.
    env: { ...env, PATH: [dirname(process.execPath), env.PATH ?? ''].join(delimiter) },
  });
  if (run.status !== 0) throw new Error(`npm ci in test/bench/peers ended with ${run.error?.message ?? run.status}`);
}

/** The version of an installed package, ours or a peer's. */
export function versionOf(name: string, of: 'catena' | 'peers'): string {
  const folder = of === 'catena' ? ROOT : PEERS;
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}
