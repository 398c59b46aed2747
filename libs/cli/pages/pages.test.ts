import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { factsOf } from '../../calls/facts.ts';
import { defineModule } from '../../modules/build/define-module.ts';
import { fetchStep } from '../../modules/contract/contract.ts';
import type { ParsedPage } from '../engine.ts';
import { readPages } from './page-file.ts';
import { FolderRecorder } from './recorder.ts';
import { replayPage } from './replay.ts';

const contract = defineModule({
  name: 'pages',
  version: '1.0.0',
  input: z.object({ factor: z.string().transform(Number) }),
  steps: { listPage: fetchStep(z.object({ n: z.number() })), next: fetchStep(z.object({ n: z.number() })) },
  items: { row: z.object({ n: z.number(), text: z.string() }) },
});

type Change = 'none' | 'price' | 'missing' | 'extra' | 'throws' | 'hop';

const moduleWith = (change: Change) =>
  contract.implement({
    *start() {},
    steps: {
      listPage: {
        request: () => 'http://a.test/',
        *parse({ put, go, page, input, state }) {
          if (change === 'throws') throw new TypeError('no such cell');
          if (change !== 'missing') yield put.row({ n: input.factor + (change === 'price' ? 1 : 0), text: page.text });
          if (change === 'extra') yield put.row({ n: 0, text: 'extra' });
          yield go.next({ n: state.n + (change === 'hop' ? 2 : 1) });
        },
      },
      next: { request: () => 'http://a.test/', *parse() {} },
    },
  });

const parsed: ParsedPage = {
  moduleId: 'pages@1.0.0',
  stepIdx: 0,
  state: { n: 1 },
  page: {
    url: 'http://a.test/?q=../..',
    status: 200,
    headers: { 'content-type': 'text/html', 'set-cookie': 'session=secret' },
    body: Buffer.from('<p>hé</p>'),
  },
  yielded: {
    items: [{ type: 'row', data: '{"n":7,"text":"<p>hé</p>"}' }],
    children: [{ id: 'c', kind: 'hop', phase: 0, stepIdx: 1, prefixRequest: '', body: '{"state":{"n":2}}' }],
  },
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-pages-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function record(parse: ParsedPage = parsed): Promise<Error[]> {
  const failures: Error[] = [];
  const recorder = new FolderRecorder({
    folder,
    module: factsOf(moduleWith('none')),
    input: { factor: '7' },
    account: 'a',
    platform: 'p',
    onFailure: (error) => failures.push(error),
  });
  await recorder.record(parse);
  return failures;
}

async function differences(change: Change): Promise<string[]> {
  const [page] = await readPages(folder);
  return (await replayPage(moduleWith(change), page!)).map(({ sign, text }) => `${sign} ${text}`);
}

describe('recorded pages', () => {
  it('are two files with a safe name, the same each time, without secrets', async () => {
    await record();
    const names = readdirSync(folder).sort();
    expect(names).toEqual([
      expect.stringMatching(/^listpage-[0-9a-f]{16}\.html$/),
      expect.stringMatching(/^listpage-[0-9a-f]{16}\.page\.json$/),
    ]);
    const before = names.map((name) => readFileSync(join(folder, name), 'utf8'));
    await record();
    expect(readdirSync(folder).sort()).toEqual(names);
    expect(names.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(before);
    expect(before.join()).not.toContain('secret');
  });

  it('tell what could not be written, and let the parse go on', async () => {
    rmSync(folder, { recursive: true });
    const failures = await record();
    expect(failures).toMatchObject([{ code: 'output.failed' }]);
    folder = mkdtempSync(join(tmpdir(), 'catena-pages-'));
  });

  it('are parsed to the same again, transformations of the input included', async () => {
    await record();
    expect(await differences('none')).toEqual([]);
  });

  it.each([
    ['price', ['~ item row: n 7 → 8']],
    ['missing', ['- item row {"n":7,"text":"<p>hé</p>"}']],
    ['extra', ['+ item row {"n":0,"text":"extra"}']],
    ['hop', ['~ hop next: n 2 → 3']],
  ] as const)('show what is different: %s', async (change, expected) => {
    await record();
    expect(await differences(change)).toEqual(expected);
  });

  it('show the error of a parse that fails now', async () => {
    await record();
    expect(await differences('throws')).toEqual([expect.stringMatching(/^! parse\.threw: .*no such cell/)]);
  });

  it('compare no hops where there were too many to keep', async () => {
    await record({ ...parsed, yielded: { items: parsed.yielded.items, children: [], staged: 9_000 } });
    expect(await differences('hop')).toEqual([]);
  });

  it('say what is wrong with a folder or a file', async () => {
    await expect(readPages(folder)).rejects.toMatchObject({ code: 'cli.no_pages' });
    await record();
    const name = readdirSync(folder).find((each) => each.endsWith('.page.json'))!;
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), text.replace(/"body": ".*"/, '"body": "../../etc/passwd"'));
    await expect(readPages(folder)).rejects.toThrow(/its body is in another folder/);
  });
});
