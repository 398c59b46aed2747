/** Sizes of files, and the equal shape of the services. */
import { hasDefaultExport } from './imports.ts';
import { isTypeScript, type SourceFile } from './source-tree.ts';

export const SERVICES = ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'];

/** Composes the services; it is none itself. */
const COMPOSITION = 'node';

export const SHAPE = [
  'README.md',
  'main.ts',
  'config.ts',
  'service.ts',
  'handle.ts',
  'handle.test.ts',
  'rpc.ts',
  'rpc.test.ts',
];

export const MAX_LINES = 300;
export const MAX_MEDIAN_LINES = 100;

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

/** Files over the hard cap, and a median over its cap. */
export function sizeViolations(files: readonly SourceFile[]): string[] {
  const sizes = files.filter(isTypeScript).map(({ path, text }) => ({ path, lines: lineCount(text) }));
  const long = sizes
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${MAX_LINES}`);
  const median = medianOf(sizes.map(({ lines }) => lines));
  return median > MAX_MEDIAN_LINES
    ? [...long, `the median file has ${median} lines, more than ${MAX_MEDIAN_LINES}`]
    : long;
}

/** Default exports outside the modules that users write, and the files of tools that ask for one. */
export function defaultExports(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !/^(?:examples|test\/fixtures)\/|^[\w.-]+\.config\.ts$/.test(path))
    .filter(({ tokens }) => hasDefaultExport(tokens))
    .map(({ path }) => `${path} has a default export`);
}

function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function medianOf(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
