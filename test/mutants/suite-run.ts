/** One suite, run in a copy of the tree, and what came of it. */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Suite } from './mutant.ts';

/** The part of vitest's JSON report that matters here. */
interface VitestReport {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages?: readonly string[] }[];
  }[];
}

/** `broken`: it failed, but no assertion did; it does not load, or its servers did not start. */
export type SuiteEnd = 'passed' | 'failed' | 'broken';

export interface SuiteRun {
  readonly end: SuiteEnd;
  readonly failedTests: number;
  /** What failed first, in a line. */
  readonly first: string;
}

/** A mutant may make a suite wait for ever. */
const TIMEOUT_MS = 300_000;
/** An assertion of a test or of the coordinator, or the invariants that the suites look at after every transition. */
const NOTICED = /AssertionError|breaks the chain's invariants|I\d+ does not hold/;
const REPORT = 'mutants-report.json';
const run = promisify(execFile);

export async function runSuite(tree: string, { project, file }: Suite, signal: AbortSignal): Promise<SuiteRun> {
  const report = join(tree, REPORT);
  await rm(report, { force: true });
  const vitest = join(tree, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--project', project, '--reporter=json', `--outputFile=${report}`, file];
  // The report says how it went, not the exit code.
  const ended = await run(process.execPath, args, { cwd: tree, signal, timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 }).catch(
    (error: unknown) => error as { readonly stderr?: string },
  );
  signal.throwIfAborted();
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { end: 'broken', failedTests: 0, first: firstLine(ended.stderr ?? 'no report') };
  return judgeReport(JSON.parse(text) as VitestReport);
}

export function judgeReport({ numTotalTests, testResults }: VitestReport): SuiteRun {
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ failureMessages = [] }) => failureMessages.join('\n')),
  );
  const asserted = failed.filter((message) => NOTICED.test(message));
  const first = firstLine(asserted[0] ?? failed[0] ?? testResults.find(({ message }) => message !== '')?.message ?? '');
  if (asserted.length > 0) return { end: 'failed', failedTests: failed.length, first };
  const passed = failed.length === 0 && numTotalTests > 0 && testResults.every(({ message }) => message === '');
  return { end: passed ? 'passed' : 'broken', failedTests: failed.length, first };
}

function firstLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return (lines.find((line) => NOTICED.test(line)) ?? lines.find((line) => line !== '') ?? '').slice(0, 160);
}
