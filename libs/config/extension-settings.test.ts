import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeConfig } from './describe-config.ts';
import { extensionFiles, loadConfig, valuesOf } from './load-config.ts';
import { integer, optionalSecret } from './setting.ts';
import { allSettings, SETTING_KEYS } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'catena-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const settings = { 'greeting.times': integer('How often.', 1), 'greeting.key': optionalSecret('A key.', 'x', /x/) };
const extensions = [{}, { settings }];

describe('settings of extensions', () => {
  it('are read like all others: file, environment, command line, one over the other', () => {
    const file = fileWith('a.yaml', 'greeting:\n  times: 2\n  key: xyz\n');
    const sources = { file, env: { CATENA_GREETING_TIMES: '3' }, extensions };
    expect(valuesOf(settings, loadConfig(sources))).toEqual({ 'greeting.times': 3, 'greeting.key': 'xyz' });
    const { origins } = loadConfig(sources);
    expect(origins).toMatchObject({ 'greeting.times': 'CATENA_GREETING_TIMES', 'greeting.key': `${file} line 3` });
    const loaded = loadConfig({ ...sources, overrides: { 'greeting.times': '4' } });
    expect(valuesOf(settings, loaded)['greeting.times']).toBe(4);
  });

  it('have their defaults, are checked, and are guessed when mistyped', () => {
    expect(valuesOf(settings, loadConfig({ env: {}, extensions }))).toEqual({ 'greeting.times': 1 });
    const load = () =>
      loadConfig({ env: { CATENA_GREETING_TIME: '1' }, overrides: { 'greeting.times': '0' }, extensions });
    expect(load).toThrow('did you mean CATENA_GREETING_TIMES?');
    expect(load).toThrow('greeting.times (command line): read "0", expected an integer of at least 1');
  });

  it('are none where the extension is not', () => {
    expect(() => loadConfig({ env: { CATENA_GREETING_TIMES: '3' } })).toThrow('is no setting');
  });

  it('are listed behind the files of extensions, their secrets hidden, and the rest as it was', () => {
    const rows = describeConfig(loadConfig({ env: {}, overrides: { 'greeting.key': 'xyz' }, extensions }));
    const keys = rows.map(({ key }) => key);
    const at = SETTING_KEYS.indexOf('extensions.files') + 1;
    expect(keys).toEqual([...SETTING_KEYS.slice(0, at), ...Object.keys(settings), ...SETTING_KEYS.slice(at)]);
    expect(keys).toEqual(Object.keys(allSettings(extensions)));
    expect(rows.find(({ key }) => key === 'greeting.key')).toMatchObject({ value: '***', about: 'A key.' });
  });

  it('may not share a name or a variable with another', () => {
    const refused = (name: string) => () => allSettings([...extensions, { settings: { [name]: integer('X.', 1) } }]);
    expect(refused('greeting.times')).toThrow('greeting.times and greeting.times are both set by');
    expect(refused('task.concurrency')).toThrow(
      'task.concurrency and task_concurrency are both set by CATENA_TASK_CONCURRENCY',
    );
  });
});

describe('the files of extensions', () => {
  it('are known before anything else is: by the command line, the environment, the file', () => {
    const file = fileWith('b.yaml', 'extensions.files: of-the-file.ts\nno.setting: 1\n');
    const env = { CATENA_CONFIG: file };
    expect(extensionFiles({ env })).toEqual(['of-the-file.ts']);
    expect(extensionFiles({ env: { ...env, CATENA_EXTENSIONS_FILES: 'a.ts, b.ts' } })).toEqual(['a.ts', 'b.ts']);
    expect(extensionFiles({ env, overrides: { 'extensions.files': 'c.ts' } })).toEqual(['c.ts']);
    expect(extensionFiles({ env, overrides: { 'extensions.files': undefined } })).toEqual(['of-the-file.ts']);
  });

  it('are none where nothing names them, or nothing can be read', () => {
    expect(extensionFiles({ env: {}, file: join(folder, 'gone.yaml') })).toEqual([]);
    expect(extensionFiles({ env: {}, file: fileWith('c.yaml', 'extensions.files: [') })).toEqual([]);
    expect(extensionFiles({ env: {}, file: fileWith('d.yaml', 'extensions.files: 3') })).toEqual([]);
  });
});
