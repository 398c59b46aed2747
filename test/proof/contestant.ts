/** Who takes part in the proof: a small program of the same crawl, as its own documentation would have it written. */
import type { ProofItem } from './site.ts';

/** A server that may fail under a run. */
export type ServerName = 'redis' | 'nats' | 'postgres';

export interface Contestant {
  /** As the table has it. */
  readonly name: string;
  readonly version: () => string | Promise<string>;
  /** The servers that it needs. */
  readonly servers: readonly ServerName[];
  /** What the program cannot express, or does as the peer advises; for the page. */
  readonly notes: readonly string[];
  /** Begins a run. */
  begin(scene: ProofScene): Promise<ProofRun>;
}

export interface ProofScene {
  /** Of the site. */
  readonly url: string;
  /** For its files; empty at first. */
  readonly folder: string;
  readonly appendfsync: 'always' | 'everysec';
  readonly random: () => number;
}

export interface ProofRun {
  /** Resolves when the run has ended by its own account; rejects when its program fails. */
  readonly ended: Promise<void>;
  /** Kills a process that works on it with -9, and starts it again as before. */
  kill(): Promise<void>;
  /** Kills a server with -9 and starts it again; NATS without its data. */
  fail(server: ServerName): Promise<void>;
  /** What it has stored. */
  items(): Promise<ProofItem[]>;
  /** Ends everything that it started. */
  stop(): Promise<void>;
}
