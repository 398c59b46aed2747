/** The files of a report: for people, for spreadsheets, for programs. */
import type { Comparison } from './compare.ts';
import { reportCsv } from './csv.ts';
import { reportJson } from './json.ts';
import { reportPage } from './page.ts';
import type { RunReport } from './run-report.ts';

export const REPORT_FILES = ['report.html', 'report.csv', 'report.json'] as const;

/** Name and text of each file; `past` compares the run with earlier ones. */
export function reportFiles(
  run: RunReport,
  past?: Comparison,
): readonly { readonly name: (typeof REPORT_FILES)[number]; readonly text: string }[] {
  return [
    { name: 'report.html', text: reportPage(run, past) },
    { name: 'report.csv', text: reportCsv(run) },
    { name: 'report.json', text: reportJson(run, past) },
  ];
}
