/** Runs long chains until so many nodes are done, reports the tenths, and kills itself with work left over. */
import { readJob, tellParent } from '../child.ts';
import { startBenchNode, submit } from './bench-node.ts';
import { longChains } from './long-chains.ts';
import { commitsOf, type Tenth, watchTenths } from './tenths.ts';

export interface FlatChainsJob {
  readonly path: string;
  readonly nodes: number;
  readonly chains: number;
  readonly length: number;
}

export interface FlatReport {
  readonly tenths: readonly Tenth[];
  readonly committed: number;
}

const { path, nodes, chains, length } = readJob<FlatChainsJob>();
const node = startBenchNode(longChains, path);
const watched = watchTenths(node, path, nodes);
await submit(node, longChains, { chains, length });
const tenths = await watched;
await tellParent({ tenths, committed: commitsOf(node) } satisfies FlatReport);
process.kill(process.pid, 'SIGKILL');
