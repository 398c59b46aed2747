/**
 * Sums up vitest's JSON reports: prints `N passed, N failed`, alone on its line, and fails when something failed.
 *
 *     node test/tools/tally.ts [--also-failed] REPORT...
 *
 * A report that is missing or unreadable, a run without a single test, and a run that failed outside its tests (a file that
 * could not be loaded) each count as one failure, and so does `--also-failed`, which says that something beside the tests
 * failed, unless a test did: the total never looks better than it is.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** What one report says; `text` is undefined when there is no such file. */
export function tallyOf(text: string | undefined): Tally {
  const report = parse(text);
  const passed = count(report.numPassedTests);
  const failed = count(report.numFailedTests);
  const isSound = report.success === true && passed > 0;
  return { passed, failed: failed === 0 && !isSound ? 1 : failed };
}

export function sumOf(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
  };
}

function parse(text: string | undefined): Record<string, unknown> {
  try {
    const report: unknown = JSON.parse(text ?? '');
    return typeof report === 'object' && report !== null ? (report as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0;
}

function readReport(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    console.error(`no report at ${path}: that run did not get to its tests`);
    return undefined;
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'also-failed': { type: 'boolean' } },
  });
  const { passed, failed } = sumOf(positionals.map(readReport).map(tallyOf));
  const isGood = positionals.length > 0 && values['also-failed'] !== true && failed === 0;
  console.log(`${passed} passed, ${isGood ? 0 : Math.max(1, failed)} failed`);
  process.exitCode = isGood ? 0 : 1;
}
