/** The door to BullMQ, which is installed apart (`peers/`): the parts of it that the contestant uses. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Job<Data> {
  readonly name: string;
  readonly data: Data;
}

export interface Connected {
  readonly connection: { readonly host: string; readonly port: number };
}

export interface Queue<Data> {
  add(name: string, data: Data): Promise<unknown>;
  addBulk(jobs: readonly Job<Data>[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface Worker {
  on(event: 'completed', listener: () => void): void;
  on(event: 'failed' | 'error', listener: (...about: unknown[]) => void): void;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

interface BullMq {
  readonly Queue: new <Data>(name: string, options: Connected) => Queue<Data>;
  readonly Worker: new <Data>(
    name: string,
    processor: (job: Job<Data>) => Promise<unknown>,
    options: Connected & { readonly concurrency: number; readonly removeOnComplete?: { readonly count: number } },
  ) => Worker;
}

const fromPeers = createRequire(join(import.meta.dirname, '../peers/package.json'));

export async function loadBullMq(): Promise<BullMq> {
  return (await import(pathToFileURL(fromPeers.resolve('bullmq')).href)) as BullMq;
}
