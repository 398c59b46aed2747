/**
 * Builds the package: JavaScript and declarations, in the folders in which the source lies, so that what finds a file
 * beside itself finds it in either. The repository itself runs from source; only `out/package` is packed.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Manifest, packageManifest } from './manifest.ts';

const ROOT = join(import.meta.dirname, '../..');
export const PACKAGE = join(ROOT, 'out/package');

/** Data that is read beside the code, and what a reader of the package looks for. */
const COPIED = ['lua', 'proto', 'README.md', 'CHANGELOG.md', 'LICENSE'];

/** Throws with the compiler's words when the source does not compile. */
export async function buildPackage(): Promise<void> {
  rmSync(PACKAGE, { recursive: true, force: true });
  await compile();
  for (const name of COPIED) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(PACKAGE, name), { recursive: true });
  }
  // The program starts what was built; all else in it is readable for any Node as it is.
  const program = readFileSync(join(ROOT, 'services/catena.mjs'), 'utf8');
  writeFileSync(join(PACKAGE, 'services/catena.mjs'), program.replace("'./catena.ts'", "'./catena.js'"), {
    mode: 0o755,
  });
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  writeFileSync(join(PACKAGE, 'package.json'), `${JSON.stringify(packageManifest(manifest), null, 2)}\n`);
}

async function compile(): Promise<void> {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [compiler, '--project', join(ROOT, 'tsconfig.build.json')], {
      cwd: ROOT,
    });
  } catch (thrown) {
    const { stdout } = thrown as { readonly stdout?: string };
    throw new Error(`the source does not compile:\n${stdout ?? String(thrown)}`, { cause: thrown });
  }
}

if (import.meta.main) await buildPackage();
