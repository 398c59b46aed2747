import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import { integer, optionalSecret } from '../config/setting.ts';
import { loadModule } from '../modules/load/load-module.ts';
import { settingsForFiles } from '../modules/load/module-settings.ts';
import { defineExtension, isExtension } from './extension.ts';
import { loadExtensions, requireDistinct } from './load-extensions.ts';

const folder = mkdtempSync(join(tmpdir(), 'catena-extensions-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const settings = { 'greeting.times': integer('How often.', 1), 'greeting.key': optionalSecret('A key.', 'a', /a/) };
const file = pathToFileURL(join(folder, 'module.ts'));

describe('an extension', () => {
  it('is what was defined, with the values of its settings typed', () => {
    const extension = defineExtension({
      name: 'greeting',
      settings,
      modules: { files: [file], settings: ['greeting.times'] },
      routes: ({ settings: values }) => {
        expectTypeOf(values['greeting.times']).toEqualTypeOf<number>();
        expectTypeOf(values['greeting.key']).toEqualTypeOf<string | undefined>();
        return [];
      },
    });
    expect(isExtension(extension)).toBe(true);
    expect(isExtension({ ...extension })).toBe(false);
    expect(extension).toMatchObject({ name: 'greeting', settings });
  });

  it.each([
    ['a name of several words', { name: 'my greeting' }, /its name is not one lower-case word/],
    ['the name of a group of Catena', { name: 'http' }, /Catena itself has settings under http/],
    ['a setting of another group', { name: 'farewell', settings }, /greeting\.times is not named farewell\./],
    ['a setting of two dots', { name: 'a', settings: { 'a.b.c': integer('X.', 1) } }, /a\.b\.c is not named a\./],
    [
      'a secret for its modules',
      { name: 'greeting', settings, modules: { files: [], settings: ['greeting.key' as const] } },
      /may not read greeting\.key, which may hold a secret/,
    ],
    [
      'a setting of others for its modules',
      { name: 'greeting', settings, modules: { files: [], settings: ['store.url' as never] } },
      /may not read store\.url, which is not one of its settings/,
    ],
    [
      'a module that is no file',
      { name: 'a', modules: { files: [new URL('https://a.test/module.ts')], settings: [] } },
      /https:\/\/a\.test\/module\.ts is not a file URL/,
    ],
  ])('is refused with %s', (_what, definition, problem) => {
    const define = () => defineExtension(definition as Parameters<typeof defineExtension>[0]);
    expect(define).toThrow(expect.objectContaining({ code: 'extension.bad_definition' }) as Error);
    expect(define).toThrow(problem);
  });
});

describe('the file of an extension', () => {
  // In this process `catena/extension` is found by the package's own name, for files within it; these lie elsewhere.
  const define = `import { defineExtension } from ${JSON.stringify(join(import.meta.dirname, 'extension.ts'))};\n`;

  it('has it as its default export, or as its only one', async () => {
    const first = fileWith('first.ts', `${define}export default defineExtension({ name: 'first' });`);
    const second = fileWith('second.ts', `${define}export const mine = defineExtension({ name: 'second' });`);
    expect((await loadExtensions([first, second])).map(({ name }) => name)).toEqual(['first', 'second']);
  });

  it.each([
    ['is not there', undefined, 'extension.not_found', /there is no file/],
    ['exports none', 'export const a = 1;', 'extension.not_an_extension', /exports a, and none is an extension/],
    [
      'exports several',
      `${define}export const a = defineExtension({ name: 'a' });\nexport const b = defineExtension({ name: 'b' });`,
      'extension.ambiguous',
      /several extensions/,
    ],
    ['fails', "throw new Error('not today');", 'extension.load_failed', /not today/],
    [
      'defines a wrong one',
      `${define}export default defineExtension({ name: 'http' });`,
      'extension.bad_definition',
      /settings under http/,
    ],
  ])('that %s is refused', async (what, source, code, message) => {
    const path = join(folder, `${what.replaceAll(' ', '-')}.ts`);
    if (source !== undefined) writeFileSync(path, source);
    const loading = loadExtensions([path]);
    await expect(loading).rejects.toMatchObject({ code });
    await expect(loading).rejects.toThrow(message);
  });

  it('may be named twice, and two of one name may not be', () => {
    const one = defineExtension({ name: 'one' });
    expect(requireDistinct([one, one])).toEqual([one]);
    expect(() => requireDistinct([one, defineExtension({ name: 'one' })])).toThrow(/two different extensions .* one/);
  });
});

describe('the module of an extension', () => {
  const source = `
    import { withSettings, defineModule, computeStep } from ${JSON.stringify(join(import.meta.dirname, '../modules/index.ts'))};
    import { z } from 'zod';
    export const mine = withSettings((settings) => defineModule({
      name: 'mine-' + JSON.stringify(settings).replaceAll(/[^a-z0-9]+/g, '-') + 'x',
      version: '1.0.0',
      input: z.object({}),
      steps: { a: computeStep() },
    }).implement({ *start({ go }) { yield go.a(); }, steps: { a: { *run() {} } } }));`;
  const path = fileWith('module.ts', source);
  const values = { 'greeting.times': 2, 'greeting.key': 'a', 'store.url': 'postgres://h' };
  const mine = { modules: { files: [file], settings: ['greeting.times'] } };
  const settingsFor = settingsForFiles([{}, mine], () => values);

  it('is made of the settings that it may read, and of no other', async () => {
    expect((await loadModule(path, settingsFor)).name).toBe('mine--greeting-times-2-x');
    expect(settingsFor(file)).toEqual({ 'greeting.times': 2 });
    expect(Object.isFrozen(settingsFor(file))).toBe(true);
  });

  it('is the same one for the same settings, so that its file may be named twice', async () => {
    expect(await loadModule(path, settingsFor)).toBe(await loadModule(path, settingsFor));
    const others = settingsForFiles([mine], () => ({ ...values, 'greeting.times': 3 }));
    expect(await loadModule(path, others)).not.toBe(await loadModule(path, settingsFor));
  });

  it('is found through a link', async () => {
    const link = join(folder, 'link.ts');
    symlinkSync(path, link);
    expect((await loadModule(link, settingsFor)).name).toBe('mine--greeting-times-2-x');
  });

  it('gets nothing where its file belongs to no extension', async () => {
    const stranger = fileWith('stranger.ts', source);
    await expect(loadModule(stranger, settingsFor)).rejects.toMatchObject({ code: 'module.no_settings' });
    await expect(loadModule(path)).rejects.toThrow(/uses withSettings, but belongs to no loaded extension/);
  });

  it('is refused when it throws, or when what it makes is none', async () => {
    const index = JSON.stringify(join(import.meta.dirname, '../modules/index.ts'));
    const wrong = (name: string, made: string) =>
      fileWith(name, `import { withSettings } from ${index};\nexport default withSettings(() => { ${made} });`);
    const granted = () => ({});
    await expect(loadModule(wrong('throws.ts', "throw new Error('no');"), granted)).rejects.toMatchObject({
      code: 'module.load_failed',
    });
    await expect(loadModule(wrong('number.ts', 'return 1;'), granted)).rejects.toMatchObject({
      code: 'module.not_a_module',
    });
  });
});
