/** `catena compare`: compares the figures of finished diagnoses of one brand. */

import type { CliContext, ConfigOptions } from '../../cli/context.ts';
import { ExitCode, type ExitCodeValue } from '../../cli/exit-codes.ts';
import { withRuns } from '../../cli/read/open-source.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { compareRuns } from '../report/compare.ts';
import { comparisonText } from '../report/compare-text.ts';
import type { RunReport } from '../report/run-report.ts';
import { readReport } from './kept-reports.ts';

export interface CompareOptions extends ConfigOptions {
  readonly output: string;
}

/**
 * Each run is an id, the beginning of an id, or `last`. Throws `cli.one_run`, `brand.no_report`, `brand.preliminary`,
 * `brand.not_comparable`.
 */
export async function compareDiagnoses(
  context: CliContext,
  references: readonly string[],
  options: CompareOptions,
): Promise<ExitCodeValue> {
  return withRuns(context, options, async (runs) => {
    const records = await Promise.all(references.map((reference) => runs.findRun(reference)));
    if (new Set(records.map(({ runId }) => runId)).size < 2) {
      throw new CatenaError('cli.one_run', 'a comparison needs at least two runs', {
        remedy: 'name two or more different runs; `catena runs` lists them',
      });
    }
    const reports = [];
    for (const record of records) reports.push(requireLast(await readReport(runs, record)));
    const comparison = compareRuns(reports);
    const isJson = options.output === 'json';
    context.io.stdout.write(isJson ? `${JSON.stringify(comparison)}\n` : comparisonText(comparison));
    return ExitCode.DONE;
  });
}

/** A preliminary report differs from other runs by what was not heard yet. */
function requireLast(report: RunReport): RunReport {
  if (report.isLast) return report;
  const { runId } = report;
  throw new CatenaError('brand.preliminary', `run ${runId} has a preliminary report only: its calls go on`, {
    data: { runId },
    remedy: 'compare it when it has ended; `catena show` says how far it is',
  });
}
