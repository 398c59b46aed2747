import { afterEach, describe, expect, it } from 'vitest';
import { type Site, startSite } from './site.ts';
import { pagesOf, worldOf } from './world.ts';

const world = worldOf(1, 1);
let site: Site;

afterEach(() => site.stop());

const start = async () => {
  site = await startSite({ seed: 1, worlds: (run) => (run === 5 ? world : undefined), slowestMs: 0 });
};
const ask = (path: string) =>
  fetch(`${site.base(5)}/${path}`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);

describe('the site', () => {
  it('serves every page at the third time of asking, and meets each kind of failure before', async () => {
    await start();
    const paths = pagesOf(world);
    for (let times = 0; times < 2; times++)
      await Promise.all(paths.map((path) => ask(path).then((page) => page?.text())));
    for (const path of paths) expect(await (await ask(path))?.json()).toMatchObject({ end: true });
    expect(new Set(site.ledger.map(({ answer }) => answer))).toEqual(
      new Set(['served', 'error', 'cut', 'hollow', 'silence']),
    );
  });

  it('writes down what it is asked for and does not have', async () => {
    await start();
    expect((await ask('detail/999999'))?.status).toBe(404);
    expect((await fetch(`${site.base(6)}/list/1`)).status).toBe(404);
    expect(site.ledger.map(({ run, path, answer }) => [run, path, answer])).toEqual([
      [5, 'detail/999999', 'unknown'],
      [6, 'list/1', 'unknown'],
    ]);
  });
});
