/** Finds the programs of the servers on this machine. */
import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { CatenaError } from '../errors/catena-error.ts';

/** The folder with Debian's programs of each version of PostgreSQL; they are not on PATH. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql';
/** Debian's folders of servers, which are not on every user's PATH. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

export interface FindOptions {
  /** The value of PATH. */
  readonly path: string;
  /** The folder with one folder per version of PostgreSQL. Default: Debian's. */
  readonly postgresVersions?: string;
}

/** Throws `servers.not_installed`, with the package to install. */
export async function findProgram(name: string, debianPackage: string, { path }: FindOptions): Promise<string> {
  for (const folder of [...path.split(delimiter), ...MORE_FOLDERS]) {
    if (folder !== '' && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  throw notInstalled(name, debianPackage);
}

/** The folder of `initdb` and `postgres` of the newest installed version. */
export async function findPostgres(options: FindOptions): Promise<string> {
  const versions = options.postgresVersions ?? POSTGRES_VERSIONS;
  const numbers = (await readdir(versions).catch(() => [])).map(Number).filter((number) => number > 0);
  for (const version of numbers.sort((one, other) => other - one)) {
    const folder = join(versions, String(version), 'bin');
    if ((await isExecutable(join(folder, 'initdb'))) && (await isExecutable(join(folder, 'postgres')))) return folder;
  }
  const found = await findProgram('initdb', 'postgresql', options);
  return join(found, '..');
}

function notInstalled(name: string, debianPackage: string): CatenaError {
  return new CatenaError('servers.not_installed', `${name} is not installed on this machine`, {
    data: { program: name, package: debianPackage },
    remedy: `install it (on Debian and Ubuntu: apt-get install ${debianPackage}), or use a server that runs elsewhere`,
  });
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
