import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CatenaError } from '../errors/catena-error.ts';
import type { RunEnd } from '../store/port.ts';
import { EXIT_CODE_MEANINGS, ExitCode, exitCodeOfError, exitCodeOfRun } from './exit-codes.ts';

const end = (finishReason: RunEnd['finishReason'], dead = 0): RunEnd => ({
  finishReason,
  detail: '',
  endedAtMs: 1,
  done: 1,
  dead,
  items: 0,
});

describe('exit codes', () => {
  it.each([
    [end('completed'), 0],
    [end('completed', 1), 3],
    [end('terminated', 5), 4],
    [end('deadline'), 4],
    [end('cancelled'), 4],
    [end('rejected'), 4],
  ])('of a run: %o is %d', (given, code) => {
    expect(exitCodeOfRun(given)).toBe(code);
  });

  it.each([
    ['cli.bad_pair', 2],
    ['config.invalid', 2],
    ['module.wrong_input', 2],
    ['store.unknown_run', 2],
    ['store.disk_full', 5],
    ['output.disk_full', 5],
    ['internal.unexpected', 70],
  ])('of an error: %s is %d', (code, exitCode) => {
    expect(exitCodeOfError(new CatenaError(code, ''))).toBe(exitCode);
  });

  it('of an error of an extension is that of wrong input, as long as the extension is loaded', () => {
    const error = new CatenaError('greeting.no_name', '');
    expect(exitCodeOfError(error, ['greeting'])).toBe(2);
    expect(exitCodeOfError(error)).toBe(70);
  });

  it('are all explained, here and in the documentation', () => {
    expect(EXIT_CODE_MEANINGS.map(([code]) => code)).toEqual(Object.values(ExitCode));
    const documentation = readFileSync(new URL('../../docs/reference/cli.md', import.meta.url), 'utf8');
    for (const [code, meaning] of EXIT_CODE_MEANINGS) {
      expect(documentation).toMatch(new RegExp(`^\\| ${code} +\\| ${escaped(meaning)} *\\|$`, 'm'));
    }
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
