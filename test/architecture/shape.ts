/** The equal shape of the services, and named exports. */
import { hasDefaultExport } from './imports.ts';
import type { SourceFile } from './source-tree.ts';

export const SERVICES = ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'];

/** Composes the services; it is none itself. */
const COMPOSITION = 'node';

export const SHAPE = [
  'README.md',
  'main.ts',
  'deps.ts',
  'service.ts',
  'handle.ts',
  'handle.test.ts',
  'rpc.ts',
  'rpc.test.ts',
];

/** What is missing from a service, or is a service that nobody named. */
export function shapeViolations(files: readonly SourceFile[], services: readonly string[] = SERVICES): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const missing = services.flatMap((service) =>
    SHAPE.filter((name) => !paths.has(`services/${service}/${name}`)).map(
      (name) => `services/${service}/${name} is missing`,
    ),
  );
  const found = new Set([...paths].flatMap((path) => /^services\/([^/]+)\//.exec(path)?.[1] ?? []));
  const unnamed = [...found]
    .filter((name) => name !== COMPOSITION && !services.includes(name))
    .map((name) => `services/${name} is no service`);
  return [...missing, ...unnamed];
}

/** Default exports outside the modules that users write, and the files of tools that ask for one. */
export function defaultExports(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !/^(?:examples|test\/fixtures)\/|^[\w.-]+\.config\.ts$/.test(path))
    .filter(({ tokens }) => hasDefaultExport(tokens))
    .map(({ path }) => `${path} has a default export`);
}
