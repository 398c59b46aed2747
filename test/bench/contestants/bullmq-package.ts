/** The door to BullMQ, which is installed apart (`peers/`): the parts of it that the contestant uses. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface NewJob<Data> {
  readonly name: string;
  readonly data: Data;
}

export interface Job<Data> extends NewJob<Data> {
  readonly returnvalue: unknown;
  isCompleted(): Promise<boolean>;
  /** What the children of a flow's job have returned, by their keys. */
  getChildrenValues<Value>(): Promise<Readonly<Record<string, Value>>>;
}

export interface JobOptions {
  readonly jobId?: string;
  readonly attempts?: number;
  readonly backoff?: { readonly type: 'fixed'; readonly delay: number };
}

export interface FlowJob<Data> extends NewJob<Data> {
  readonly queueName: string;
  readonly opts: JobOptions;
  readonly children?: readonly FlowJob<Data>[];
}

export interface Connected {
  readonly connection: { readonly host: string; readonly port: number };
}

export interface Queue<Data> {
  add(name: string, data: Data, options?: JobOptions): Promise<unknown>;
  addBulk(jobs: readonly NewJob<Data>[]): Promise<unknown>;
  getJob(id: string): Promise<Job<Data> | undefined>;
  on(event: 'error', listener: (...about: unknown[]) => void): void;
  close(): Promise<void>;
}

export interface Worker {
  on(event: 'completed', listener: () => void): void;
  on(event: 'failed' | 'error', listener: (...about: unknown[]) => void): void;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export interface FlowProducer {
  add<Data>(flow: FlowJob<Data>): Promise<unknown>;
  on(event: 'error', listener: (...about: unknown[]) => void): void;
}

interface BullMq {
  readonly FlowProducer: new (options: Connected) => FlowProducer;
  readonly Queue: new <Data>(name: string, options: Connected) => Queue<Data>;
  readonly Worker: new <Data>(
    name: string,
    processor: (job: Job<Data>) => Promise<unknown>,
    options: Connected & {
      readonly concurrency: number;
      readonly removeOnComplete?: { readonly count: number };
      readonly maxStalledCount?: number;
    },
  ) => Worker;
}

const fromPeers = createRequire(join(import.meta.dirname, '../peers/package.json'));

export async function loadBullMq(): Promise<BullMq> {
  return (await import(pathToFileURL(fromPeers.resolve('bullmq')).href)) as BullMq;
}
