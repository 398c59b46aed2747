/** What the image holds, made from the Dockerfile's own lines: the files that it copies, and the packages of its `npm ci`. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join, matchesGlob, relative } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../../..');
const DOCKERFILE = join(ROOT, 'deploy/image/Dockerfile');

export interface Image {
  /** The folder that is `/app` in a container. */
  readonly app: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly user: { readonly uid: number; readonly gid: number };
}

/** Makes the image's `/app` in a folder: copies what is copied, and installs packages, for which it needs a network. */
export async function makeImage(app: string): Promise<void> {
  await mkdir(join(app, 'modules'), { recursive: true });
  const isLeftOut = await ignored();
  for (const { keyword, rest } of await instructions()) {
    if (keyword === 'COPY' && !rest.startsWith('--from')) {
      for (const source of rest.split(/\s+/).slice(0, -1)) {
        const filter = (path: string) => !isLeftOut(relative(ROOT, path));
        await cp(join(ROOT, source), join(app, source), { recursive: true, filter });
      }
    } else if (keyword === 'RUN' && rest.startsWith('npm ci')) {
      const [install = ''] = rest.split('&&');
      await promisify(execFile)('npm', install.trim().split(/\s+/).slice(1), { cwd: app });
    }
  }
}

/** What the Dockerfile says of its containers, for an `/app` that {@link makeImage} has made. */
export async function imageIn(app: string): Promise<Image> {
  const environment: Record<string, string> = {};
  let entrypoint: readonly string[] = [];
  let user = { uid: 0, gid: 0 };
  for (const { keyword, rest } of await instructions()) {
    if (keyword === 'ENV') {
      for (const [, name, value] of rest.matchAll(/(\w+)=(\S+)/g)) environment[name!] = value!;
    } else if (keyword === 'USER') {
      const [uid, gid] = rest.split(':').map(Number);
      user = { uid: uid!, gid: gid! };
    } else if (keyword === 'ENTRYPOINT') {
      entrypoint = JSON.parse(rest) as string[];
    }
  }
  return { app, environment, entrypoint, user };
}

interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

/** Of all stages. */
async function instructions(): Promise<Instruction[]> {
  const text = await readFile(DOCKERFILE, 'utf8');
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const whole = lines.join('\n').replace(/\\\n\s*/g, ' ');
  return [...whole.matchAll(/^(\w+)\s+(.*)$/gm)].map(([, keyword = '', rest = '']) => ({ keyword, rest }));
}

/** Whether a path of the repository is not sent to the builder. */
async function ignored(): Promise<(path: string) => boolean> {
  const text = await readFile(join(ROOT, '.dockerignore'), 'utf8');
  const rules = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && line !== '*');
  const taken = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
  const left = rules.filter((rule) => !rule.startsWith('!'));
  return (path) =>
    !taken.some((name) => path === name || path.startsWith(`${name}/`)) || left.some((rule) => matchesGlob(path, rule));
}
