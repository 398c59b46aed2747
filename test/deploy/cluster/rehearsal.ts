/** What both rehearsals do before and after: the image is made, and the servers and pods are in a network of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inOwnNetwork, isInOwnNetwork } from '../../chaos/network.ts';
import { makeImage } from './image.ts';

export interface Rehearsal {
  /** The file of the program, which is started again in a network of its own. */
  readonly program: string;
  /** Its arguments, without `--app`. */
  readonly args: readonly string[];
  /** The value of `--app`: the image's `/app`; undefined as long as nobody has made it. */
  readonly app: string | undefined;
  /** What else needs a network, and is done before there is none. */
  readonly fetch?: () => Promise<unknown>;
  /** Rejects when something was not as it should be. */
  readonly rehearse: (app: string) => Promise<void>;
}

/** Sets the exit code of the process. */
export async function runRehearsal({ program, args, app, fetch, rehearse }: Rehearsal): Promise<void> {
  if (isInOwnNetwork()) return rehearse(app!);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const rehearseIn = async (made: string) => {
    process.exitCode = await inOwnNetwork(program, [...args, '--app', made], interrupted.signal);
  };
  await fetch?.();
  if (app === undefined) await withImage(rehearseIn);
  else await rehearseIn(app);
}

/** Makes the image, and removes it afterwards. */
export async function withImage<Result>(use: (app: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'catena-image-'));
  try {
    const app = join(folder, 'app');
    await makeImage(app);
    return await use(app);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
