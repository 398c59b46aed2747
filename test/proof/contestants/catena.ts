/** What both ways of running Catena share. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const MODULE = at('../../fixtures/modules/proof.ts');
export const PROGRAM = at('../../../services/catena.ts');

export function catenaVersion(): string {
  const { version } = JSON.parse(readFileSync(at('../../../package.json'), 'utf8')) as { readonly version: string };
  return version;
}
