/** Runs a fan-out to its end and reports the tenths. */
import fanOut from '../../fixtures/modules/fan-out.ts';
import { readJob, tellParent } from '../child.ts';
import { completed, startBenchNode, submit } from './bench-node.ts';
import type { FlatReport } from './flat-chains.ts';
import { commitsOf, watchTenths } from './tenths.ts';

export interface FlatFanOutJob {
  readonly path: string;
  readonly branches: number;
  readonly leaves: number;
}

const { path, branches, leaves } = readJob<FlatFanOutJob>();
const node = startBenchNode(fanOut, path);
// The join comes on top of the tenths: it is one node, and reads all items.
const watched = watchTenths(node, path, branches * (leaves + 1) + 2);
const { runId } = await submit(node, fanOut, { branches, leaves });
await completed(node, runId);
const report: FlatReport = { tenths: await watched, committed: commitsOf(node) };
await node.stop();
await tellParent(report);
process.exit(0);
