/** Writes a report's files; each appears only when it is complete. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputError, unwritable } from '../../cli/output/output-error.ts';
import type { Comparison } from '../report/compare.ts';
import { reportFiles } from '../report/report-files.ts';
import type { RunReport } from '../report/run-report.ts';

/** Throws `cli.unwritable_output`. It is called before any model is asked. */
export async function makeReportFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((thrown: unknown) => {
    throw unwritable(folder, thrown);
  });
}

/** Returns the paths. Throws `output.…`. */
export async function writeReport(folder: string, run: RunReport, past: Comparison): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, text } of reportFiles(run, past)) {
    const path = join(folder, name);
    await writeWhole(path, text);
    paths.push(path);
  }
  return paths;
}

async function writeWhole(path: string, text: string): Promise<void> {
  const partial = `${path}.partial-${process.pid}`;
  try {
    await writeFile(partial, text);
    await rename(partial, path);
  } catch (thrown) {
    throw outputError(path, thrown);
  } finally {
    await rm(partial, { force: true });
  }
}
