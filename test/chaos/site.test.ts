import { afterEach, describe, expect, it } from 'vitest';
import { type Site, startSite } from './site.ts';
import { pagesOf, worldOf } from './world.ts';

const world = worldOf(1, 1);
let site: Site;

afterEach(() => site.stop());

const start = async () => {
  site = await startSite({ seed: 1, worlds: (run) => (run === 5 ? world : undefined), slowestMs: 0 });
};
const ask = (path: string, signal?: AbortSignal) => fetch(`${site.base(5)}/${path}`, { signal: signal ?? null });

describe('the site', () => {
  it('serves every page at the third time of asking, and meets each kind of failure before', async () => {
    await start();
    const paths = pagesOf(world);
    for (let times = 1; times <= 2; times++) {
      const silence = new AbortController();
      const answers = paths.map((path) => ask(path, silence.signal).then((page) => page.text()));
      await expect.poll(() => site.ledger.length).toBe(times * paths.length);
      silence.abort();
      await Promise.allSettled(answers);
    }
    for (const path of paths) expect(await (await ask(path)).json()).toMatchObject({ end: true });
    expect(new Set(site.ledger.map(({ answer }) => answer))).toEqual(
      new Set(['served', 'error', 'cut', 'hollow', 'silence']),
    );
  });

  it('writes down what it is asked for and does not have', async () => {
    await start();
    expect((await ask('detail/999999')).status).toBe(404);
    expect((await fetch(`${site.base(6)}/list/1`)).status).toBe(404);
    expect(site.ledger.map(({ run, path, answer }) => [run, path, answer])).toEqual([
      [5, 'detail/999999', 'unknown'],
      [6, 'list/1', 'unknown'],
    ]);
  });
});
