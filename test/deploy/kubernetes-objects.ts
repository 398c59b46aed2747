/**
 * Compares objects of Kubernetes with the published schemas, and refuses fields that no schema has. The schemas are those of
 * `kubernetes-models`: its validators check values but take unknown fields, so its types are asked for those: the compiler refuses a
 * literal with a field that its type lacks.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

/** What is wrong with the objects, a line each; empty if nothing is. Throws when there is no schema for an object. */
export async function problemsOf(objects: readonly KubernetesObject[]): Promise<readonly string[]> {
  const wrong = await Promise.all(objects.map(wrongValues));
  return [...wrong.flat(), ...(await unknownFields(objects))];
}

async function wrongValues(object: KubernetesObject): Promise<string[]> {
  const { [object.kind]: Model } = (await import(moduleOf(object))) as Record<string, new (data: unknown) => Validated>;
  try {
    new Model!(object).validate();
    return [];
  } catch (thrown) {
    return [`${nameOf(object)}: ${(thrown as Error).message}`];
  }
}

interface Validated {
  validate(): void;
}

async function unknownFields(objects: readonly KubernetesObject[]): Promise<string[]> {
  // Inside the repository, so that the compiler finds the packages.
  const folder = await mkdtemp(join(ROOT, 'node_modules/.cache-objects-'));
  try {
    const lines = objects.map(
      (object, at) =>
        `import type { I${object.kind} as K${at} } from '${moduleOf(object)}';\n` +
        `export const o${at}: K${at} = ${JSON.stringify(object)};\n`,
    );
    const file = join(folder, 'objects.ts');
    await writeFile(file, lines.join(''));
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--pretty', 'false', '--target', 'es2024'];
    const modules = ['--module', 'esnext', '--moduleResolution', 'bundler', '--ignoreConfig'];
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const said = await run(process.execPath, [compiler, ...options, ...modules, file], { cwd: folder }).then(
      () => '',
      (thrown: { readonly stdout?: string; readonly message: string }) => thrown.stdout ?? thrown.message,
    );
    return said
      .split('\n')
      .filter((line) => line.includes('error TS'))
      .map((line) => {
        const [, row = '0', message = line] = /\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
        const object = objects[Math.floor((Number(row) - 1) / 2)];
        return `${object === undefined ? 'the objects' : nameOf(object)}: ${message}`;
      });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`;
}

function moduleOf({ apiVersion, kind }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
  const place =
    group === 'keda.sh'
      ? '@kubernetes-models/keda'
      : group === 'monitoring.coreos.com'
        ? '@kubernetes-models/prometheus-operator'
        : 'kubernetes-models';
  const path = `${place}/${apiVersion}/${kind}`;
  if (!existsSync(join(ROOT, 'node_modules', `${path}.js`)))
    throw new Error(`there is no schema of ${apiVersion} ${kind}`);
  return path;
}
