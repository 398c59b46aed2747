/** The passwords of the local servers. Other users of the machine reach their ports, so each server asks for one. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CatenaError } from '../errors/catena-error.ts';

export interface ServerSecrets {
  readonly redis: string;
  readonly nats: string;
  readonly postgres: string;
}

/** The user under whom the services log in, at each server; none of them is an administrator. */
export const SERVER_USER = 'catena';

const FILE = 'secrets.json';
const BYTES = 32;
/** Readable by its owner only. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/**
 * Those of the data in this folder, new ones for an empty folder. Throws `servers.old_folder` for data of a version whose servers
 * asked for no password.
 */
export async function serverSecrets(folder: string): Promise<ServerSecrets> {
  const path = join(folder, FILE);
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  const secrets = kept === undefined ? undefined : parse(kept);
  if (secrets !== undefined) return secrets;
  if (existsSync(join(folder, 'postgres', 'data'))) {
    throw new CatenaError(
      'servers.old_folder',
      `${folder} has data of servers without passwords, or ${FILE} is damaged`,
      {
        data: { folder },
        remedy: 'start once with --fresh, which deletes this data',
      },
    );
  }
  const created: ServerSecrets = { redis: password(), nats: password(), postgres: password() };
  await writeFile(`${path}.new`, JSON.stringify(created), { mode: PRIVATE_FILE });
  await rename(`${path}.new`, path);
  return created;
}

/** Of letters, digits, `-` and `_`: needs no quotes in a URL, in SQL or in a configuration file. */
function password(): string {
  return randomBytes(BYTES).toString('base64url');
}

function parse(text: string): ServerSecrets | undefined {
  try {
    const { redis, nats, postgres } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return isPassword(redis) && isPassword(nats) && isPassword(postgres) ? { redis, nats, postgres } : undefined;
  } catch {
    return undefined;
  }
}

function isPassword(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{20,}$/.test(value);
}
