import { describe, expect, it } from 'vitest';
import { type DiagnoseOptions, inputOf } from './options.ts';
import { choosePromptSet } from './prompt-sets.ts';

const OPTIONS: DiagnoseOptions = { deadline: '20s', output: 'x', account: 'a', platform: 'p' };
const ASKED = { ...OPTIONS, brand: 'Apex', question: ['Which?'], model: ['qwen'] };

describe('the input of a diagnosis', () => {
  it('is what the options say, and nothing that they do not', async () => {
    expect(await inputOf({ ...ASKED, rival: ['Bolt'], repeats: '3', language: 'en', maxSources: '0' })).toEqual({
      ...{ brand: 'Apex', rivals: ['Bolt'], models: ['qwen'], questions: ['Which?'] },
      ...{ language: 'en', repeats: 3, maxSources: 0 },
    });
    expect(await inputOf(ASKED)).toEqual({ brand: 'Apex', models: ['qwen'], questions: ['Which?'] });
  });

  it('reads a precision in points, with its sign or without, and refuses others', async () => {
    for (const until of ['10', '±10', '+-10', '10%']) expect((await inputOf({ ...ASKED, until })).until).toBe(0.1);
    expect(await inputOf({ ...ASKED, until: '7.5', maxCalls: '90' })).toMatchObject({ until: 0.075, maxCalls: 90 });
    for (const until of ['0', '51', 'ten', '-5']) {
      await expect(inputOf({ ...ASKED, until })).rejects.toThrow(`--until is "${until}"`);
    }
  });

  it('has the aliases and domains of the brand beside those of the file', async () => {
    const base = { brand: { name: 'Apex', aliases: ['Peak'] }, models: ['qwen'], questions: ['Which?'] };
    expect(await inputOf({ ...OPTIONS, alias: ['Summit'], domain: ['apex.test'] }, base)).toMatchObject({
      brand: { name: 'Apex', aliases: ['Peak', 'Summit'], domains: ['apex.test'] },
    });
  });

  it('takes options over the prompt set, and the prompt set over the file', async () => {
    const set = { questions: ['Of the set?'], language: 'zh' as const, repeats: 2 };
    expect(
      await inputOf({ ...ASKED, repeats: '5' }, { language: 'en', questions: ['Of the file?'] }, set),
    ).toMatchObject({
      questions: ['Of the set?', 'Which?'],
      language: 'zh',
      repeats: 5,
    });
  });

  it.each<[string, DiagnoseOptions, string]>([
    ['brand', { ...OPTIONS, question: ['Which?'], model: ['qwen'] }, 'cli.no_brand'],
    ['question', { ...OPTIONS, brand: 'Apex', model: ['qwen'] }, 'cli.no_question'],
    ['model', { ...OPTIONS, brand: 'Apex', question: ['Which?'] }, 'cli.no_model'],
  ])('without a %s says so', async (_what, options, code) => {
    await expect(inputOf(options)).rejects.toMatchObject({ code });
  });

  it('that the module does not take is told with the field', async () => {
    await expect(inputOf({ ...ASKED, repeats: '9999' })).rejects.toThrow(/repeats: /);
    await expect(inputOf(ASKED, { colour: 'red' })).rejects.toThrow(/colour/);
    await expect(inputOf(ASKED, { maxSorces: 3 })).rejects.toThrow(/maxSorces: .*did you mean "maxSources"/);
  });
});

describe('a prompt set', () => {
  const TWO = 'sets:\n  a:\n    questions: [One?]\n  b:\n    questions: [Two?]\n    language: en\n    repeats: 3\n';

  it('is chosen by its name, or is the only one', () => {
    expect(choosePromptSet(TWO, 'sets.yaml', 'b')).toEqual({ questions: ['Two?'], language: 'en', repeats: 3 });
    expect(choosePromptSet('sets:\n  a:\n    questions: [One?]\n', 'sets.yaml')).toEqual({ questions: ['One?'] });
  });

  it.each([
    [TWO, undefined, 'cli.which_prompt_set', 'a, b'],
    [TWO, 'c', 'cli.unknown_prompt_set', 'no prompt set "c"'],
    [TWO, 'toString', 'cli.unknown_prompt_set', 'no prompt set'],
    ['sets: {}', undefined, 'cli.bad_prompt_sets', 'no set'],
    ['a: [', undefined, 'cli.bad_prompt_sets', 'sets.yaml'],
    ['sets:\n  a:\n    questions: []\n', undefined, 'cli.bad_prompt_sets', 'sets.a.questions'],
    ['sets:\n  a:\n    questions: [x]\n    tone: dry\n', undefined, 'cli.bad_prompt_sets', 'tone'],
  ])('that cannot be told says why (%#)', (text, name, code, says) => {
    const choose = () => choosePromptSet(text, 'sets.yaml', name);
    expect(choose).toThrow(expect.objectContaining({ code }) as Error);
    expect(choose).toThrow(says);
  });
});
