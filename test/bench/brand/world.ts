/** Models and cited pages in a process of their own, so that neither they nor what is measured waits for the other. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LedgerEntry } from './ledger.ts';
import { LEDGER_PATH } from './model-server.ts';
import type { ScriptOptions } from './script.ts';

export interface World {
  readonly baseUrl: string;
  /** What goes before a cited address in the place of its copy. */
  readonly pagesUrl: string;
  ledger(): Promise<readonly LedgerEntry[]>;
  stop(): Promise<void>;
}

/** Throws when it does not start. */
export async function startWorld(options: ScriptOptions): Promise<World> {
  const program = join(import.meta.dirname, 'world-process.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error('the models of the benchmark did not start');
  const { baseUrl, pagesUrl } = JSON.parse(first[0] as string) as { baseUrl: string; pagesUrl: string };
  return {
    baseUrl,
    pagesUrl,
    ledger: async () => (await (await fetch(new URL(LEDGER_PATH, baseUrl))).json()) as LedgerEntry[],
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
