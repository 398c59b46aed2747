/** The files of a report: for people, for spreadsheets, for programs. */
import type { Comparison } from './compare.ts';
import { reportCsv } from './csv.ts';
import { reportJson } from './json.ts';
import { reportPage } from './page.ts';
import type { RunReport } from './run-report.ts';

export const REPORT_FILES = ['report.html', 'report.csv', 'report.json'] as const;

export type ReportFile = (typeof REPORT_FILES)[number];

/** How each file begins, in this version and the ones before. */
const BEGINNINGS: Readonly<Record<ReportFile, RegExp>> = {
  'report.html':
    /^<!doctype html>\n<html lang="[\w-]+"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;">/,
  'report.csv': /^\ufeffrun_id,question,branded,model,/,
  'report.json': /^\{\n {2}"run_id": "/,
};

/** Whether a file of this name that begins so is a report. */
export function isReport(name: ReportFile, head: string): boolean {
  return BEGINNINGS[name].test(head);
}

/** Name and text of each file; `past` compares the run with earlier ones. */
export function reportFiles(
  run: RunReport,
  past?: Comparison,
): readonly { readonly name: ReportFile; readonly text: string }[] {
  return [
    { name: 'report.html', text: reportPage(run, { past }) },
    { name: 'report.csv', text: reportCsv(run) },
    { name: 'report.json', text: reportJson(run, past) },
  ];
}
