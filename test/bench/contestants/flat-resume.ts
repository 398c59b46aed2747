/** Takes up the chains that a killed process left, and counts what came of them in the end. */
import { readJob, tellParent } from '../child.ts';
import { completed, itemsOf, startBenchNode } from './bench-node.ts';
import { longChains } from './long-chains.ts';
import { firstCommit } from './tenths.ts';

export interface FlatResumeJob {
  readonly path: string;
  /** When the parent started this process, Unix milliseconds. */
  readonly startedAtMs: number;
}

export interface ResumeReport {
  /** From the start of the process to the first new node that was done. */
  readonly firstNodeSeconds: number;
  readonly items: number;
  readonly distinctItems: number;
}

const { path, startedAtMs } = readJob<FlatResumeJob>();
const node = startBenchNode(longChains, path);
await firstCommit(node);
const firstNodeSeconds = (Date.now() - startedAtMs) / 1_000;
const [run] = await node.store.listRuns({ limit: 1 });
if (run === undefined) throw new Error('the file holds no run');
await completed(node, run.runId);
const items = await itemsOf(node, run.runId);
const distinctItems = new Set(items.map((item) => JSON.stringify(item))).size;
await node.stop();
await tellParent({ firstNodeSeconds, items: items.length, distinctItems } satisfies ResumeReport);
process.exit(0);
