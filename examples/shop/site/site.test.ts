import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectedItems } from './catalogue.ts';
import { crashRunFaults, type FaultKind, faultOf } from './faults.ts';
import { productPath } from './pages.ts';
import { type ShopSite, type ShopSiteOptions, startShopSite, statsPath } from './site.ts';

let folder: string;
let site: ShopSite | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shop-site-'));
});

afterEach(async () => {
  await site?.close();
  await rm(folder, { recursive: true });
});

async function start(options: ShopSiteOptions): Promise<ShopSite> {
  site = await startShopSite({ products: 60, seed: 9, ...options });
  return site;
}

function only(fault: FaultKind): ShopSiteOptions['faults'] {
  const rates = { error: 0, timeout: 0, malformed: 0, throttled: 0, [fault]: 1 };
  return { ...crashRunFaults, rates };
}

describe('the shop site', () => {
  it('serves realistic pages and lets robots in', async () => {
    const { url } = await start({});
    const page = await fetch(`${url}/catalogue/1`);
    const html = await page.text();
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(Buffer.byteLength(html)).toBeGreaterThan(8_000);
    expect(Buffer.byteLength(html)).toBeLessThan(16_000);
    expect(await (await fetch(`${url}/robots.txt`)).text()).toMatch(/^User-agent: \*\nAllow: \/\n/);
  });

  it('says 404 for pages it does not have and 405 for what it does not do', async () => {
    const { url, stats } = await start({});
    for (const path of ['/catalogue/0', '/catalogue/4', '/catalogue/1x', '/product/LMP-999999', '/%00', '/x']) {
      expect((await fetch(url + path)).status, path).toBe(404);
    }
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    expect(stats().unknown).toBe(6);
    expect(stats().requests).toBe(0);
  });

  it('answers a 500, then serves, as its plan says for each path', async () => {
    const { url } = await start({ faults: { ...only('error')!, maxPerPath: 1 } });
    expect((await fetch(`${url}/catalogue/1`)).status).toBe(500);
    expect((await fetch(`${url}/catalogue/2`)).status).toBe(500);
    expect((await fetch(`${url}/catalogue/1`)).status).toBe(200);
  });

  it('answers a 429 with the wait that it was told to ask for', async () => {
    const { url } = await start({ faults: { ...only('throttled')!, retryAfterS: 3 } });
    const answer = await fetch(`${url}/catalogue/1`);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('3');
  });

  it('sends a malformed page with status 200 and a true length', async () => {
    const { url } = await start({ faults: only('malformed') });
    const broken = await fetch(`${url}/catalogue/1`);
    expect(broken.status).toBe(200);
    const body = Buffer.from(await broken.arrayBuffer());
    expect(body.length).toBe(Number(broken.headers.get('content-length')));
    await (await fetch(`${url}/catalogue/1`)).text();
    const whole = await (await fetch(`${url}/catalogue/1`)).text();
    expect(body.toString()).not.toBe(whole);
  });

  it('leaves a request hanging until its client gives up, and still closes', async () => {
    const { url, close, stats } = await start({ faults: only('timeout') });
    await expect(fetch(`${url}/catalogue/1`, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/);
    const hanging = expect(fetch(`${url}/catalogue/2`)).rejects.toThrow();
    await expect.poll(() => stats().outcomes.timeout).toBe(2);
    await close();
    await hanging;
    await close();
  });

  it('meets every request with the fault that the pure function names, and keeps a ledger of it', async () => {
    const ledgerPath = join(folder, 'ledger.jsonl');
    const faults = { ...crashRunFaults, rates: { error: 0.3, timeout: 0, malformed: 0.2, throttled: 0.2 } };
    const { url, close, stats, requestsOf } = await start({ faults, ledgerPath });
    const paths = expectedItems({ products: 60, seed: 9 }).map((item) => productPath(item.sku));
    for (const path of [...paths, ...paths]) await (await fetch(url + path)).arrayBuffer();
    const told = (await (await fetch(url + statsPath)).json()) as unknown;
    expect(told).toEqual(stats());
    expect(stats()).toMatchObject({ requests: 120, paths: 60, mostOften: 2, unknown: 0 });
    expect(requestsOf(paths[0]!)).toBe(2);
    await close();
    const lines = (await readFile(ledgerPath, 'utf8')).trimEnd().split('\n');
    const wanted = [1, 2].flatMap((nth) =>
      paths.map((path) => ({ path, nth, outcome: faultOf(faults, 9, path, nth) ?? 'served' })),
    );
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(wanted);
    expect(new Set(wanted.map((entry) => entry.outcome)).size).toBe(4);
  });
});

describe('the shop site as a program', () => {
  const program = join(import.meta.dirname, 'main.ts');

  it('prints its address, serves, and ends when its standard input does', async () => {
    const child = spawn(process.execPath, [program, '--products', '30', '--faults'], { stdio: 'pipe' });
    const ended = once(child, 'exit');
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const told = JSON.parse(line) as { url: string; pages: number };
    expect(told.pages).toBe(33);
    expect((await fetch(`${told.url}/robots.txt`)).status).toBe(200);
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
  });

  it('ends on SIGTERM with code 0', async () => {
    const child = spawn(process.execPath, [program, '--products', '30'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    await once(createInterface(child.stdout), 'line');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('refuses a number that is none, with the usage and code 2', async () => {
    const child = spawn(process.execPath, [program, '--products', 'many'], { stdio: 'pipe' });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(said).toMatch(/--products is "many": give a whole number/);
    expect(said).toMatch(/usage:/);
  });
});
