/** `catena diagnose --server` against the real handlers of ingress. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'cheerio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endServing } from '../../../test/fixtures/grpc/serving.ts';
import { CHAINS, startServer } from '../../cli/server/server.fixture.ts';
import { brandExtension } from '../extension.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MODULE = join(ROOT, 'libs/brand/module/brand-diagnosis.ts');
/** The registry of the services. */
const PROVIDERS = join(ROOT, 'examples/brand/providers.yaml');
const BRAND = { extensions: [brandExtension], values: { 'brand.providers': PROVIDERS } };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-diagnose-'));
});
afterEach(async () => {
  await endServing();
  rmSync(folder, { recursive: true, force: true });
});

const args = (deadline = '90d'): string[] => [
  ...['diagnose', '--brand', 'Apex', '--rival', 'Bolt', '--question', 'Which shoes?', '--model', 'qwen'],
  ...['--deadline', deadline, '--max-sources', '0', '-o', folder],
];

describe('a diagnosis at a server', () => {
  it('is submitted, watched and reported, with the registry and the keys of the services', async () => {
    const server = await startServer([MODULE], {}, BRAND);
    const call = server.start(...args());
    await call.says(/run [\da-f-]{36} of brand-diagnosis@/);
    await server.open();
    await server.work();
    // The web of the test has no models: the report says so, and the exit code that this is no success.
    expect(await call.code).toBe(4);
    expect(call.stdout()).toContain('calls: 0 whole, 0 cut off with their text kept, 1 failed');
    expect(load(readFileSync(join(folder, 'report.html')))('h1').text()).toBe('Apex');
    const again = await server.run(...args());
    expect(again.stderr).toContain('this work is already done');
    expect(again.stdout).toContain(join(folder, 'report.csv'));
  });

  it('that ended before its report says why, and leaves none', async () => {
    const server = await startServer([MODULE], {}, BRAND);
    const call = server.start(...args('1s'));
    await call.says(/run [\da-f-]{36}/);
    await server.open();
    await server.work();
    expect(await call.code).toBe(4);
    expect(call.stderr()).toMatch(/there is no report[\s\S]*deadline_exceeded[\s\S]*catena show/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says so when the server has no such module', async () => {
    const server = await startServer([CHAINS], {}, BRAND);
    const { code, stderr } = await server.run(...args());
    expect(code).toBe(2);
    expect(stderr).toMatch(/has no module brand-diagnosis@[\s\S]*modules\.files/);
  });
});
