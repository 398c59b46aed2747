import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { sourcesOfExtensions } from './extension-sources.ts';
import { collect, withConfig } from './program/options.ts';

const known = (): readonly Command[] => [
  withConfig(new Command('run').argument('<file>').option('-i, --input <k=v>', '', collect).option('--fresh')),
  new Command('test').argument('<file>'),
  new Command('task').addCommand(withConfig(new Command('show').argument('<name>'))),
];
const named = (...args: string[]) => sourcesOfExtensions({ env: {}, args }, known());

describe('where a command line says that extensions stand', () => {
  it.each([
    [['run', 'a.ts'], undefined, undefined],
    [['run', '--fresh', '--set', 'lease_ms=1', 'a.ts', '--set', 'extensions.files=a.ts,b.ts'], undefined, 'a.ts,b.ts'],
    [['run', '--set=extensions.files=a.ts', '--config=c.yaml'], 'c.yaml', 'a.ts'],
    [['run', '--set', 'extensions.files=a.ts', '--set', 'extensions.files=b.ts'], undefined, 'b.ts'],
    [['greet', 'Ann', '--loud', '--set', 'extensions.files=a.ts', '--config', 'c.yaml'], 'c.yaml', 'a.ts'],
    [['task', 'show', 'prices', '--set=extensions.files=a.ts', '--config', 'c.yaml'], 'c.yaml', 'a.ts'],
    [['greet', '--whom', 'Ann', '--set=extensions.files=a.ts'], undefined, 'a.ts'],
  ])('is read off %j', (args, file, files) => {
    expect(named(...args)).toEqual({ env: {}, file, overrides: { 'extensions.files': files } });
  });

  it.each([
    ['the value of another option', ['run', '-i', '--set=extensions.files=a.ts', 'b.ts']],
    ['an operand', ['run', '--', '--set', 'extensions.files=a.ts']],
    ['an option that the command does not have', ['test', 'b.ts', '--set', 'extensions.files=a.ts']],
    ['an option without its value', ['run', 'b.ts', '--set']],
    ['no command', ['--set', 'extensions.files=a.ts']],
    ['nothing', []],
  ])('is not read off %s', (_what, args) => {
    expect(named(...args).overrides).toEqual({ 'extensions.files': undefined });
  });
});
