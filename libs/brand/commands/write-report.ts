/** Writes a report's files; each appears only when it is complete. */
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputError, unwritable } from '../../cli/output/output-error.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Comparison } from '../report/compare.ts';
import { isReport, REPORT_FILES, type ReportFile, reportFiles } from '../report/report-files.ts';
import type { RunReport } from '../report/run-report.ts';

/**
 * It is called before any model is asked. Throws `cli.unwritable_output`, and `cli.output_exists` if a file of that name in the
 * folder is no report and may not be overwritten.
 */
export async function makeReportFolder(folder: string, mayOverwrite: boolean): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((thrown: unknown) => {
    throw unwritable(folder, thrown);
  });
  if (mayOverwrite) return;
  for (const name of REPORT_FILES) {
    const path = join(folder, name);
    if (await isFree(path, name)) continue;
    throw new CatenaError('cli.output_exists', `${path} exists, and is not a report of Catena: nothing was written`, {
      data: { path },
      remedy: 'add --overwrite to replace it, or name another folder with -o',
    });
  }
}

const HEAD_BYTES = 1_024;

/** Whether there is no such file, or an empty one, or the report of an earlier diagnosis. */
async function isFree(path: string, name: ReportFile): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return true;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead).toString();
    return head === '' || isReport(name, head);
  } finally {
    await file.close();
  }
}

/** Returns the paths. Throws `output.…`. */
export async function writeReport(folder: string, run: RunReport, past?: Comparison): Promise<string[]> {
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
