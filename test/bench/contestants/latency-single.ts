/** Submits one task after the other to a single node on a file, and says when each was. */
import { join } from 'node:path';
import { readJob, tellParent } from '../child.ts';
import { nowMs } from '../distributed/instants.ts';
import { completed, startBenchNode, submit } from './bench-node.ts';
import { oneRequest } from './one-request.ts';

export interface LatencyJob {
  /** One for each submission. */
  readonly urls: readonly string[];
  readonly folder: string;
}

/** Instants as {@link nowMs} answers them. */
export interface LatencyReport {
  readonly submittedMs: readonly number[];
}

const { urls, folder } = readJob<LatencyJob>();
const node = startBenchNode(oneRequest, join(folder, 'catena.db'), { 'limits.requests_per_second': 0 });
const submittedMs: number[] = [];
for (const url of urls) {
  submittedMs.push(nowMs());
  const { runId } = await submit(node, oneRequest, { url });
  await completed(node, runId);
}
await node.stop();
await tellParent({ submittedMs } satisfies LatencyReport);
process.exit(0);
