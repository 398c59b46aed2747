/** `npm run bench:flat`: what finished work costs the work after it. */
import { join } from 'node:path';
import type { FlatChainsJob, FlatReport } from './contestants/flat-chains.ts';
import type { FlatFanOutJob } from './contestants/flat-fan-out.ts';
import type { FlatResumeJob, ResumeReport } from './contestants/flat-resume.ts';
import type { Tenth } from './contestants/tenths.ts';
import { machine } from './machine.ts';
import { namesIn, runCommand, whole } from './options.ts';
import { writeSection } from './page.ts';
import { runChild } from './run-child.ts';
import { withScratchFolder } from './scratch.ts';
import { figure, mebibytes, table } from './table.ts';

const SHAPES = ['chains', 'fan-out'] as const;
const CHAINS = 64;
/** Of one node of the fan-out. */
const LEAVES = 999;
const defaultNodes = '200000';

const usage = `npm run bench:flat -- [options]
Executes nodes without network, on a file, and shows throughput, memory and file at each tenth of them. Long chains are
killed with -9 when that many nodes are done, and taken up by a new process. A whole run writes docs/benchmarks/engine.md.

  --nodes N     default ${defaultNodes}
  --shape A,B   of ${SHAPES.join(', ')}; default both, and only then docs/benchmarks/engine.md is written
  --no-write    leave docs/benchmarks/engine.md as it is`;

const options = {
  nodes: { type: 'string', default: defaultNodes },
  shape: { type: 'string' },
  'no-write': { type: 'boolean', default: false },
} as const;

await runCommand(usage, options, async (values) => {
  const nodes = whole('nodes', values.nodes, 10_000);
  const shapes = namesIn('shape', values.shape ?? SHAPES.join(), SHAPES);
  const parts = [`Measured on ${machine()}.`];
  console.log(parts[0]);
  for (const shape of shapes) {
    const part = await withScratchFolder((folder) => (shape === 'chains' ? chains : fanOut)(nodes, folder));
    console.log(`\n${part}`);
    parts.push(part);
  }
  if (values.shape === undefined && !values['no-write']) writeSection('flat', parts.join('\n\n'));
  return true;
});

async function chains(nodes: number, folder: string): Promise<string> {
  const path = join(folder, 'flat.db');
  // Every chain is a twentieth longer than it is watched, so that there is work left at the kill.
  const length = Math.ceil((nodes / CHAINS) * 1.05);
  const job: FlatChainsJob = { path, nodes, chains: CHAINS, length };
  const flat = await runChild<FlatReport>({ script: 'contestants/flat-chains.ts', job, folder, endsByKill: true });
  const resumeJob: FlatResumeJob = { path, startedAtMs: Date.now() };
  const resume = await runChild<ResumeReport>({ script: 'contestants/flat-resume.ts', job: resumeJob, folder });
  const expected = CHAINS * length;
  if (resume.items !== expected || resume.distinctItems !== expected) {
    throw new Error(`after the kill: ${resume.items} items, ${resume.distinctItems} distinct, instead of ${expected}`);
  }
  return `### ${figure(nodes)} nodes in ${CHAINS} long chains

${tenthsTable(flat.tenths)}

${verdict(flat.tenths)} Killed with ${figure(flat.committed)} nodes done; from the start of the next process to its first new
node: ${figure(resume.firstNodeSeconds, 2)} s, the start of Node included. In the end ${figure(expected)} items: none lost, none doubled.`;
}

async function fanOut(nodes: number, folder: string): Promise<string> {
  const branches = Math.max(1, Math.round(nodes / (LEAVES + 1)));
  const job: FlatFanOutJob = { path: join(folder, 'flat.db'), branches, leaves: LEAVES };
  const { tenths, committed } = await runChild<FlatReport>({ script: 'contestants/flat-fan-out.ts', job, folder });
  return `### ${figure(committed)} nodes in a fan-out: ${branches} branches of ${LEAVES} leaves, and a join

${tenthsTable(tenths)}

${verdict(tenths)}`;
}

function tenthsTable(tenths: readonly Tenth[]): string {
  const rows = tenths.map(({ nodesPerSecond, cpuSecondsPerNode, seconds, rssBytes, fileBytes }, index) => [
    String(index + 1),
    figure(nodesPerSecond),
    figure(cpuSecondsPerNode * 1e6, 1),
    figure(seconds, 2),
    mebibytes(rssBytes),
    mebibytes(fileBytes),
  ]);
  return table(['tenth', 'nodes/s', 'CPU µs/node', 's', 'RSS MiB at its end', 'file MiB at its end'], rows);
}

function verdict(tenths: readonly Tenth[]): string {
  const speeds = tenths.map(({ nodesPerSecond }) => nodesPerSecond);
  const [first, last, best] = [speeds[0]!, speeds.at(-1)!, Math.max(...speeds)];
  const percent = (value: number): string => `${figure(value * 100)} %`;
  const cpu = percent(tenths.at(-1)!.cpuSecondsPerNode / tenths[0]!.cpuSecondsPerNode);
  return `The last tenth runs at ${percent(last / first)} of the first and at ${percent(last / best)} of the fastest; a node of it
takes ${cpu} of the CPU time.`;
}
