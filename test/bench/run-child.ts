/** The measuring side: starts a script in a fresh process with a job and waits for what it reports. */
import { fork } from 'node:child_process';
import { join } from 'node:path';

export interface ChildOptions {
  /** A file beside this one. */
  readonly script: string;
  /** Handed over as JSON. */
  readonly job: object;
  /** Its working folder, and its only place for files. */
  readonly folder: string;
  /** The child ends itself by SIGKILL after its report. */
  readonly endsByKill?: boolean;
}

/** Throws when the child ends otherwise than it should, or without a report. */
export async function runChild<Report>({ script, job, folder, endsByKill }: ChildOptions): Promise<Report> {
  const child = fork(join(import.meta.dirname, script), [JSON.stringify(job)], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let report: Report | undefined;
  child.on('message', (message) => {
    report = message as Report;
  });
  const ended = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (ended !== (endsByKill === true ? 'SIGKILL' : 0)) throw new Error(`${script} ended with ${ended}`);
  if (report === undefined) throw new Error(`${script} ended without a report`);
  return report;
}
