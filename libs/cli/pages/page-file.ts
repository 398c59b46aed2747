/** A recorded page on disk: one JSON file, and the unchanged body in a file beside it. */
import { hash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CatenaError } from '../../errors/catena-error.ts';
import { canonicalJson } from '../../keys/canonical-json.ts';

export interface PageRecord {
  readonly version: 1;
  readonly module: string;
  readonly step: string;
  /** The input as it was submitted. */
  readonly input: unknown;
  readonly state: unknown;
  readonly account: string;
  readonly platform: string;
  readonly page: {
    readonly url: string;
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** The name of the file with the body. */
    readonly body: string;
  };
  readonly items: readonly { readonly type: string; readonly data: unknown }[];
  /** Undefined if there were too many to record. */
  readonly hops?: readonly { readonly step: string; readonly state: unknown }[];
}

export interface LoadedPage extends PageRecord {
  /** The name of the JSON file. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

const ENDINGS: readonly (readonly [RegExp, string])[] = [
  [/html/, '.html'],
  [/json/, '.body.json'],
  [/^text\//, '.txt'],
];

/** Headers that may reveal a login; they are left out, because recorded pages are often shared. */
const PRIVATE_HEADERS = new Set(['set-cookie', 'authorization']);

/** The same page of the same step always gets the same name, so that a new recording replaces it. */
export function pageName({
  step,
  state,
  page,
}: Pick<PageRecord, 'step' | 'state'> & { page: { url: string } }): string {
  const safeStep = step
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  return `${safeStep}-${hash('sha256', canonicalJson({ step, state, url: page.url }), 'hex').slice(0, 16)}`;
}

/** Writes both files, each completely or not at all; the body first, because readers look for the JSON file. */
export async function writePage(
  folder: string,
  record: Omit<PageRecord, 'page'> & { readonly page: Omit<PageRecord['page'], 'body'> },
  body: Uint8Array,
): Promise<void> {
  const name = pageName(record);
  const type = record.page.headers['content-type'] ?? '';
  const bodyName = name + (ENDINGS.find(([pattern]) => pattern.test(type))?.[1] ?? '.bin');
  const headers = Object.fromEntries(
    Object.entries(record.page.headers).filter(([header]) => !PRIVATE_HEADERS.has(header.toLowerCase())),
  );
  const page = { ...record.page, headers, body: bodyName };
  await writeAtomically(join(folder, bodyName), body);
  await writeAtomically(join(folder, `${name}.page.json`), `${JSON.stringify({ ...record, page }, undefined, 2)}\n`);
}

/** Creates the folder; throws `cli.unwritable_output`. */
export async function makePageFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const probe = join(folder, `.probe-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (thrown) {
    throw new CatenaError('cli.unwritable_output', `pages cannot be recorded in ${folder}: ${messageOf(thrown)}`, {
      cause: thrown,
      remedy: 'name a folder that you may write to',
    });
  }
}

/** All recorded pages, sorted by name. Throws `cli.no_pages` and `cli.bad_page`. */
export async function readPages(folder: string): Promise<LoadedPage[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = names.filter((name) => name.endsWith('.page.json')).sort();
  if (files.length === 0) {
    throw new CatenaError('cli.no_pages', `there are no recorded pages in ${folder}`, {
      remedy: 'record some with `catena run … --record DIR`, and name the folder with --pages',
    });
  }
  return Promise.all(files.map((file) => readPage(folder, file)));
}

async function readPage(folder: string, file: string): Promise<LoadedPage> {
  try {
    const record = JSON.parse(await readFile(join(folder, file), 'utf8')) as PageRecord;
    if (record.version !== 1) throw new Error(`its version is ${String(record.version)}, not 1`);
    if (/[/\\]/.test(record.page.body)) throw new Error('its body is in another folder');
    return { ...record, file, bytes: await readFile(join(folder, record.page.body)) };
  } catch (thrown) {
    throw new CatenaError('cli.bad_page', `${join(folder, file)} cannot be read: ${messageOf(thrown)}`, {
      cause: thrown,
      remedy: 'record it again, or delete it',
    });
  }
}

async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const partial = `${path}.partial-${process.pid}`;
  await writeFile(partial, content);
  await rename(partial, path);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
