import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseMutant, readMutants } from './mutant.ts';
import { judgeReport } from './suite-run.ts';

const root = join(import.meta.dirname, '..', '..');
const mutants = await readMutants();

describe('the mutants', () => {
  it('are a dozen at least', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(12);
  });

  it.each(mutants.map(({ name, suite }) => [name, suite.file]))('%s names a suite that exists', async (_, file) => {
    await expect(access(join(root, file))).resolves.toBeUndefined();
  });

  it.each(mutants.map(({ name, path }) => [name, path]))('%s applies to the tree as it is', async (_, path) => {
    await promisify(execFile)('git', ['apply', '--check', path], { cwd: root });
  });

  it('without a header are refused', () => {
    expect(() => parseMutant('x.patch', '--- a/x\n+++ b/x\n')).toThrow('has no line "suite: …"');
    expect(() => parseMutant('x.patch', 'breaks: a\ninvariant: b\nsuite: all x.test.ts\n')).toThrow('its suite is not');
  });
});

describe('a suite', () => {
  const test = (status: string, ...failureMessages: string[]) => ({ status, failureMessages });
  const report = (message: string, ...assertionResults: ReturnType<typeof test>[]) => ({
    numTotalTests: assertionResults.length,
    testResults: [{ message, assertionResults }],
  });

  it('that fails by an assertion has noticed', () => {
    const run = judgeReport(report('', test('passed'), test('failed', 'AssertionError: expected 0 to be 1\n at x')));
    expect(run).toEqual({ end: 'failed', failedTests: 1, first: 'AssertionError: expected 0 to be 1' });
  });

  it('that found an invariant broken has noticed', () => {
    const message = "Error: run r1 breaks the chain's invariants:\n  I2: …";
    expect(judgeReport(report('', test('failed', message))).end).toBe('failed');
  });

  it('that fails otherwise, does not load or has no tests is broken', () => {
    expect(judgeReport(report('', test('failed', 'ReplyError: ERR Error compiling script'))).end).toBe('broken');
    expect(judgeReport(report('SyntaxError: Unexpected token')).end).toBe('broken');
    expect(judgeReport(report('')).end).toBe('broken');
  });

  it('that passes has noticed nothing', () => {
    expect(judgeReport(report('', test('passed'))).end).toBe('passed');
  });
});
