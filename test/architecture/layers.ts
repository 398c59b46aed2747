/** Who may import whom. */
import { posix } from 'node:path';
import { type Import, importsIn } from './imports.ts';
import { isTest, isTypeScript, type SourceFile } from './source-tree.ts';

/** Libraries in their order: each may import itself and those before it. */
export const LIBS =
  'errors clock concurrency failpoints contracts keys config callers telemetry sqlite bus coordination store limits modules calls workers explain stage transport local-servers cli extension brand'.split(
    ' ',
  );

/** Packages that only their adapters may import, by the path that makes a file one. */
const ADAPTERS: readonly { readonly packages: RegExp; readonly allowed: RegExp }[] = [
  { packages: /^ioredis$/, allowed: /^libs\/[\w-]+\/(?:redis\/|redis[\w-]*\.ts)/ },
  { packages: /^(?:@nats-io\/.*|nats)$/, allowed: /^libs\/[\w-]+\/(?:nats\/|nats[\w-]*\.ts)/ },
  { packages: /^pg$/, allowed: /^libs\/[\w-]+\/(?:postgres\/|postgres[\w-]*\.ts)/ },
  { packages: /^node:sqlite$/, allowed: /^libs\/(?:sqlite\/|[\w-]+\/(?:sqlite\/|sqlite[\w-]*\.ts))/ },
];

const GENERATED = 'libs/contracts/gen/';

/** One line per import that the layers forbid. */
export function layerViolations(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return files.filter(isTypeScript).flatMap((file) =>
    importsIn(file.tokens).flatMap((imported) => {
      const reason = violation(file, imported, paths);
      return reason === undefined ? [] : [`${file.path}:${imported.line} imports ${imported.specifier}: ${reason}`];
    }),
  );
}

function violation(file: SourceFile, imported: Import, paths: ReadonlySet<string>): string | undefined {
  const { specifier } = imported;
  if (specifier === undefined) return undefined;
  if (!specifier.startsWith('.')) return packageViolation(file, specifier);
  const target = posix.normalize(posix.join(posix.dirname(file.path), specifier));
  if (!/\.(?:ts|mjs|json)$/.test(specifier)) return 'the file’s ending is missing';
  if (target.startsWith(GENERATED)) {
    return file.path.startsWith('libs/contracts/') ? undefined : 'generated code is reached through libs/contracts';
  }
  if (!paths.has(target)) return 'there is no such file';
  if (isTest(file) || file.path.startsWith('test/')) return undefined;
  return directionViolation(file.path, target, imported.typeOnly);
}

function packageViolation(file: SourceFile, specifier: string): string | undefined {
  for (const { packages, allowed } of ADAPTERS) {
    if (packages.test(specifier) && !allowed.test(file.path) && !isTest(file) && !file.path.startsWith('test/')) {
      return 'only its adapter may';
    }
  }
  if (/^catena(?:$|\/)/.test(specifier) && /^(?:libs|services)\//.test(file.path) && !isTest(file)) {
    return 'that name is for authors of modules';
  }
  return undefined;
}

function directionViolation(from: string, to: string, typeOnly: boolean): string | undefined {
  const [area = '', part = ''] = from.split('/');
  const [toArea = '', toPart = ''] = to.split('/');
  if (area === 'examples') return to.startsWith(`examples/${part}/`) ? undefined : 'an example stands alone';
  if (area === 'services') return serviceViolation(from, to);
  if (area !== 'libs') return undefined;
  if (toArea !== 'libs') return 'libraries import libraries only';
  if (!LIBS.includes(part)) return `libs/${part} is not in the list of libraries`;
  if (!LIBS.includes(toPart)) return `libs/${toPart} is not in the list of libraries`;
  if (LIBS.indexOf(toPart) <= LIBS.indexOf(part)) return undefined;
  return `libs/${toPart} comes after libs/${part}${typeOnly ? ', for types too' : ''}`;
}

function serviceViolation(from: string, to: string): string | undefined {
  const composes = from.split('/').length === 2 || from.startsWith('services/node/');
  if (to.startsWith('libs/') || (composes && to.startsWith('services/'))) return undefined;
  const own = `${from.split('/').slice(0, 2).join('/')}/`;
  if (to.startsWith(own)) return undefined;
  if (from === `${own}main.ts` && to === 'services/node/process.ts') return undefined;
  return to.startsWith('services/') ? 'a service never imports a service' : 'services import libraries only';
}
