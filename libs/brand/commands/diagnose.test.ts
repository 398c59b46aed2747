/** `catena diagnose` and `catena compare` in this process, against a provider of the test on loopback. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'cheerio';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startSingleNode } from '../../../services/node/single.ts';
import { type Behaviour, type ProviderCall, startProvider } from '../../../test/brand-flow/provider.ts';
import { type CliEnd, runCli, startCli } from '../../cli/cli.fixture.ts';
import { brandExtension } from '../extension.ts';

const ENGINE = { extensions: [brandExtension], loadEngine: async () => startSingleNode };
const KEY = { TEST_MODEL_KEY: 'key-of-nobody-123456' };
const PATIENCE_MS = 30_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-diagnose-'));
  vi.stubEnv('TEST_MODEL_KEY', KEY.TEST_MODEL_KEY);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const inFolder = (name: string): string => join(folder, name);

/** A registry of the models `qwen` and `zhipu` at a provider that lives as long as the test. */
async function provider(behave: (call: ProviderCall) => Behaviour) {
  const started = await startProvider(behave);
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await started.stop();
    isStopped = true;
  };
  onTestFinished(stop);
  const entries = ['qwen', 'zhipu'].map((name) =>
    [
      `  - name: ${name}`,
      `    codec: openai-chat`,
      `    baseUrl: ${started.baseUrl}`,
      `    model: ${name}-test`,
      `    keyReference: TEST_MODEL_KEY`,
      `    limits: { requestsPerSecond: 1000, concurrency: 100 }`,
      `    pricePerMillionTokens: { input: 2, output: 8 }`,
    ].join('\n'),
  );
  writeFileSync(inFolder('providers.yaml'), `providers:\n${entries.join('\n')}\n`);
  return { ...started, stop };
}

/** No cited page is read: those that the answers name stand in the world. */
const args = (...more: string[]): string[] => [
  ...['diagnose', '--brand', '海澜鞋业', '--rival', '云步', '--rival', 'Strider'],
  ...['--model', 'qwen', '--model', 'zhipu', '--max-sources', '0', '-o', inFolder('report')],
  ...['--db', inFolder('catena.db'), '--set', `brand.providers=${inFolder('providers.yaml')}`],
  ...more,
];

const ASKED = ['--question', '推荐几款跑鞋', '--question', '哪些跑鞋耐磨'];

const diagnose = (...more: string[]): Promise<CliEnd> => runCli(args(...more), { env: KEY, ...ENGINE });

const readFolder = (name: string): string => readFileSync(join(inFolder('report'), name), 'utf8');

describe('catena diagnose', { timeout: PATIENCE_MS }, () => {
  it.each(['report.html', 'report.csv', 'report.json'])(
    'refuses a folder with a foreign %s before it asks',
    async (name) => {
      const { calls } = await provider(() => 'whole');
      mkdirSync(inFolder('report'));
      writeFileSync(join(inFolder('report'), name), 'precious');
      expect(await diagnose(...ASKED)).toMatchObject({ code: 2, stderr: expect.stringContaining('--overwrite') });
      expect([calls.length, readFolder(name)]).toEqual([0, 'precious']);
    },
  );

  it('replaces the report of an earlier diagnosis, and with --overwrite anything', async () => {
    await provider(() => 'whole');
    expect(await diagnose(...ASKED)).toMatchObject({ code: 0 });
    expect(await diagnose(...ASKED, '--fresh')).toMatchObject({ code: 0 });
    writeFileSync(join(inFolder('report'), 'report.json'), 'precious');
    expect(await diagnose(...ASKED, '--overwrite')).toMatchObject({ code: 0 });
    expect(readFolder('report.json')).toContain('"run_id"');
  });

  it('asks, sums up on standard output, and leaves its report in three files', async () => {
    const { calls } = await provider(() => 'whole');
    const end = await diagnose(...ASKED);
    expect(end).toMatchObject({ code: 0 });
    expect(calls).toHaveLength(4);
    expect(end.stdout).toMatch(/海澜鞋业 against 云步, Strider: completed/);
    expect(end.stdout).toContain('calls: 4 whole, 0 cut off');
    for (const name of ['report.html', 'report.csv', 'report.json']) {
      expect(end.stdout).toContain(`report: ${join(inFolder('report'), name)}`);
    }
    const page = load(readFolder('report.html'));
    expect(page('h1').text()).toBe('海澜鞋业');
    expect(page('html').attr('lang')).toBe('zh-CN');
    expect(page('#answers details')).toHaveLength(4);
    expect(readFolder('report.csv').trimEnd().split('\r\n')).toHaveLength(1 + 4 * 3);
    const data = JSON.parse(readFolder('report.json')) as { total: number; rows: { mentions: unknown[] }[] };
    expect(data.total).toBe(4);
    expect(data.rows[0]?.mentions).toHaveLength(3);
  });

  it('given again reports what was found, and asks nobody again', async () => {
    const { calls } = await provider(() => 'whole');
    await diagnose(...ASKED);
    rmSync(inFolder('report'), { recursive: true });
    const again = await diagnose(...ASKED);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('this work is already done') as string });
    expect(calls).toHaveLength(4);
    expect(existsSync(join(inFolder('report'), 'report.html'))).toBe(true);
  });

  it('shows how the calls of each model stand', async () => {
    await provider(({ model }) => (model === 'qwen-test' ? 'whole' : 'server_error'));
    const { stdout, code } = await diagnose(...ASKED, '--json');
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; coverage?: unknown; files?: unknown });
    expect(code).toBe(0);
    expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(['started', 'finished', 'report']));
    expect(events.at(-1)).toMatchObject({ event: 'report', coverage: { whole: 2, partial: 0, failed: 2 } });
  });

  it('checks statements about its report, and ends with 1 when one does not hold', async () => {
    await provider(() => 'whole');
    const held = await diagnose(...ASKED, '--assert', 'mention(云步) >= 0.9', '--assert', 'rank(云步) <= 1');
    expect(held).toMatchObject({ code: 0 });
    expect(held.stdout).toContain('holds: mention(云步) >= 0.9 (100%');
    const failed = await diagnose(...ASKED, '--assert', 'mention(海澜鞋业) > 0');
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stdout).toContain('fails: mention(海澜鞋业) > 0 (0%');
  });

  it('warns of a name that is an ordinary word, before anything is asked (R9)', async () => {
    await provider(() => 'whole');
    const { stderr } = await diagnose(...ASKED, '--rival', '理想');
    expect(stderr).toContain('理想: ordinary words');
    expect(stderr).toContain('negativeContexts');
  });

  it('goes on where it was stopped', async () => {
    const first = await provider(({ model }) => (model === 'qwen-test' ? 'whole' : 'hang'));
    const call = startCli(args(...ASKED, '--deadline', '1h'), { env: KEY, ...ENGINE });
    await call.says(/qwen: 2 of 2: 2 whole/);
    call.interrupt();
    await first.stop();
    expect(await call.code).toBe(130);
    expect(call.stderr()).toContain('To resume it:');
    const { calls } = await provider(() => 'whole');
    const end = await diagnose(...ASKED, '--deadline', '1h');
    expect(end.stdout).toContain('calls: 4 whole');
    expect(calls.map(({ model }) => model)).toEqual(['zhipu-test', 'zhipu-test']);
  });

  it('of which every call failed is no success, and its report says why', async () => {
    await provider(() => 'refuses_key');
    const { code, stdout } = await diagnose(...ASKED);
    expect(code).toBe(4);
    expect(stdout).toContain('no call was answered');
    expect(stdout).toContain('invalid_key');
    expect(load(readFolder('report.html'))('#missing').text()).toContain('密钥被拒');
  });

  it('takes its questions from a prompt set', async () => {
    const { calls } = await provider(() => 'whole');
    writeFileSync(
      inFolder('sets.yaml'),
      'sets:\n  a:\n    questions: [推荐几款跑鞋]\n    repeats: 2\n  b:\n    language: en\n    questions: [Which shoes?]\n',
    );
    const sets = ['--questions', inFolder('sets.yaml')];
    expect(await diagnose(...sets, '--prompt-set', 'a')).toMatchObject({ code: 0 });
    expect(calls.map(({ question }) => question)).toEqual(Array.from({ length: 4 }, () => '推荐几款跑鞋'));
    expect(await diagnose(...sets, '--prompt-set', 'b')).toMatchObject({ code: 0 });
    expect(load(readFolder('report.html'))('html').attr('lang')).toBe('en');
    expect(await diagnose(...sets)).toMatchObject({ code: 2, stderr: expect.stringContaining('a, b') as string });
  });

  it.each<[string, string[], RegExp]>([
    ['no question', [], /there is no question[\s\S]*--question/],
    ['a model that the registry has not', [...ASKED, '--model', 'gpt'], /no model "gpt"[\s\S]*qwen, zhipu/],
    ['a database that keeps nothing', [...ASKED, '--db', ':memory:'], /keeps nothing/],
    ['a statement about another brand', [...ASKED, '--assert', 'mention(Acme) > 0'], /no brand "Acme"[\s\S]*海澜鞋业/],
    ['no number', [...ASKED, '--repeats', 'many'], /--repeats is "many"/],
  ])('refuses %s before anything is asked', async (_what, more, says) => {
    const { calls } = await provider(() => 'whole');
    const { code, stderr } = await diagnose(...more);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(calls).toEqual([]);
    expect(existsSync(inFolder('report'))).toBe(false);
  });

  it('says which key is missing, and where keys stand', async () => {
    const { calls } = await provider(() => 'whole');
    const { code, stderr } = await runCli(args(...ASKED), { env: {}, ...ENGINE });
    expect(code).toBe(2);
    expect(stderr).toMatch(/no key for qwen, zhipu: TEST_MODEL_KEY[\s\S]*try: set TEST_MODEL_KEY/);
    expect(calls).toEqual([]);
  });

  it('refuses a cost cap for models without a price, which it would not hold back', async () => {
    const { calls } = await provider(() => 'whole');
    const file = inFolder('providers.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/ {4}pricePerMillionTokens: .*\n/, ''));
    const { code, stderr } = await diagnose(...ASKED, '--cost-cap', '1');
    expect(code).toBe(2);
    expect(stderr).toMatch(/cost cap cannot hold for qwen: .*no price[\s\S]*pricePerMillionTokens/);
    expect(calls).toEqual([]);
  });

  it('prints the prompt: the question alone, unless a list is asked for', async () => {
    await provider(() => 'whole');
    expect((await diagnose(...ASKED)).stdout).toContain('prompt: bare-v1: the question alone, word for word');
    const listed = await diagnose(...ASKED, '--prompt', 'list', '--fresh');
    expect(listed.stdout).toContain('prompt: zh-v1: 请像回答普通用户那样');
  });

  it('says which registry cannot be read', async () => {
    const { code, stderr } = await diagnose(...ASKED);
    expect(code).toBe(2);
    expect(stderr).toMatch(/providers\.yaml is wrong: it cannot be read/);
  });

  it('reaches a model on this machine, since the registry names it', async () => {
    const { calls } = await provider(() => 'whole');
    const { code } = await diagnose(...ASKED);
    expect([code, calls.length]).toEqual([0, 4]);
  });

  it('says at once what to set when a setting refuses the address of a model', async () => {
    const { calls } = await provider(() => 'whole');
    const denied = ['--set', 'http.deny_private_targets=true'];
    const { code, stderr } = await diagnose(...ASKED, ...denied);
    expect([code, calls]).toEqual([2, []]);
    expect(stderr).toMatch(
      /qwen is at http:\/\/127\.0\.0\.1:\d+\/v1, and http\.deny_private_targets refuses 127\.0\.0\.1/,
    );
    expect(stderr).toContain('--set http.allowed_private_targets=127.0.0.1');
    const allowed = await diagnose(...ASKED, ...denied, '--set', 'http.allowed_private_targets=127.0.0.1');
    expect([allowed.code, calls.length], allowed.stderr).toEqual([0, 4]);
  });

  it('asks a model without a key where the registry names none', async () => {
    const { calls } = await provider(() => 'whole');
    const registry = readFileSync(inFolder('providers.yaml'), 'utf8').replaceAll(/ +keyReference: .*\n/g, '');
    writeFileSync(inFolder('providers.yaml'), registry);
    const { code, stderr } = await runCli(args(...ASKED), { ...ENGINE });
    expect(code, stderr).toBe(0);
    expect(calls.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('refuses a set that is too large before anything is asked, with the bound', async () => {
    const { calls } = await provider(() => 'whole');
    const { code, stderr } = await diagnose(
      ...ASKED,
      '--repeats',
      '100',
      ...Array.from({ length: 48 }, (_, n) => ['--rival', `R${n}`]).flat(),
    );
    expect([code, calls]).toEqual([2, []]);
    expect(stderr).toMatch(/\d+ findings for one question[\s\S]*at most 10000[\s\S]*split them over several runs/);
  });

  it('says what to do without a registry', async () => {
    const bare = args(...ASKED).filter((arg) => arg !== '--set' && !/^(?:brand\.providers|http\.)/.test(arg));
    const { code, stderr } = await runCli(bare, { env: KEY, ...ENGINE });
    expect(code).toBe(2);
    expect(stderr).toMatch(/no provider registry[\s\S]*brand\.providers/);
  });
});

it('the module as a file sees a registry that only the command line names', { timeout: PATIENCE_MS }, async () => {
  const { calls } = await provider(() => 'whole');
  const input = ['brand=Apex', 'questions=["Which shoes?"]', 'models=["qwen"]', 'maxSources=0'];
  const settings = [`brand.providers=${inFolder('providers.yaml')}`, 'downloader.secrets=TEST_MODEL_KEY'];
  const { code } = await runCli(
    [
      ...['run', join(import.meta.dirname, '../module/brand-diagnosis.ts'), '--db', inFolder('catena.db')],
      ...input.flatMap((pair) => ['--input', pair]),
      ...settings.flatMap((pair) => ['--set', pair]),
    ],
    { ...ENGINE },
  );
  expect(code).toBe(0);
  expect(calls).toHaveLength(1);
});

describe('catena compare', { timeout: PATIENCE_MS }, () => {
  it('sets the runs of a brand side by side, on what all of them asked; the next report draws them', async () => {
    await provider(() => 'whole');
    await diagnose(...ASKED);
    await diagnose(...ASKED, '--fresh');
    const page = load(readFolder('report.html'));
    expect(page('#history svg.lines').length).toBeGreaterThan(0);
    const runs = await runCli(['runs', '--db', inFolder('catena.db'), '-o', 'json']);
    const ids = [...runs.stdout.matchAll(/"run_id":\s*"([\da-f-]+)"/g)].map((match) => match[1] ?? '');
    const { code, stdout } = await runCli(['compare', ...ids, '--db', inFolder('catena.db')], ENGINE);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Mentioned +0% \(0\/4\) +0% \(0\/4\) +0 pp +within noise \*/);
    const alone = await runCli(['compare', ids[0] ?? '', '--db', inFolder('catena.db')], ENGINE);
    expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining('two or more') as string });
  });
});
