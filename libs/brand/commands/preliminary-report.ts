/** The preliminary report of a diagnosis that `catena diagnose` watches: its files and its summary, as soon as it stands. */
import type { CliContext } from '../../cli/context.ts';
import { withRuns } from '../../cli/read/open-source.ts';
import type { RunLooker } from '../../cli/run/work.ts';
import type { Reporter } from '../../cli/status/reporter.ts';
import type { ReportItem } from '../module/items.ts';
import type { RunReport } from '../report/run-report.ts';
import { summaryOf } from '../report/summary.ts';
import { isPreliminary } from '../status/certainty.ts';
import { readIfReported } from './kept-reports.ts';
import type { DiagnoseOptions } from './options.ts';
import { writeReport } from './write-report.ts';

export class PreliminaryReport {
  readonly #context: CliContext;
  readonly #options: DiagnoseOptions;
  readonly #reporter: Reporter;
  #seq = 0;

  constructor(context: CliContext, options: DiagnoseOptions, reporter: Reporter) {
    this.#context = context;
    this.#options = options;
    this.#reporter = reporter;
  }

  /** Looks whether one has come. What goes wrong with it is said, and stops no run: the final report is still to come. */
  async look({ runId, items }: RunLooker): Promise<void> {
    const rows = await items('report', this.#seq);
    const newest = rows.at(-1);
    if (newest === undefined) return;
    this.#seq = newest.seq;
    if (!isPreliminary(JSON.parse(newest.data) as ReportItem)) return;
    await this.#tell(runId).catch((thrown: unknown) => {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      this.#reporter.say(`the preliminary report could not be written: ${why}`);
    });
  }

  async #tell(runId: string): Promise<void> {
    const run = await withRuns(this.#context, this.#options, async (runs) =>
      readIfReported(runs, await runs.findRun(runId)),
    );
    // In the meantime the final one may have come: the end of the command tells of that.
    if (run === undefined || run.isLast) return;
    const files = await writeReport(this.#options.output, run);
    this.#reporter.event('report', reportEvent(run, files));
    if (this.#options.json === true) return;
    const paths = files.map((path) => `report so far: ${path}`);
    const next = `the calls go on; the final report takes its place, ${this.#options.deadline} after the start at the latest`;
    this.#reporter.say(`${summaryOf(run.report)}\n${[...paths, next].join('\n')}\n`);
  }
}

/** The fields of the event `report`. */
export function reportEvent({ runId, report }: RunReport, files: readonly string[]): Readonly<Record<string, unknown>> {
  const { revision, final, success, total, completed, coverage, cost } = report;
  return { run_id: runId, revision, final, success, total, completed, coverage, cost, files };
}
