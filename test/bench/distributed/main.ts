/** `npm run bench:distributed`: what it costs to have the chain in Redis, the bells in NATS and the items in PostgreSQL. */
import { machine } from '../machine.ts';
import { namesIn, runCommand, whole } from '../options.ts';
import { writeSection } from '../page.ts';
import { installPeers, versionOf } from '../peers.ts';
import { withScratchFolder } from '../scratch.ts';
import { PARTS, type Part } from './contestants.ts';
import { goalsTable, isMet } from './goals.ts';
import {
  type Bench,
  measureBytes,
  measureClaims,
  measureLatency,
  measurePages,
  measureSteps,
  type PartResult,
  type Sizes,
} from './parts.ts';
import { profilePart } from './profiles.ts';
import { startBenchServers } from './servers.ts';
import { serverVersions } from './versions.ts';

const defaults = {
  rounds: '3',
  chains: '20000',
  products: '4000',
  concurrency: '16',
  nodes: '20000',
  submissions: '200',
};

const usage = `npm run bench:distributed -- [options]
Starts Redis, NATS and PostgreSQL for itself and measures distributed mode on them, beside BullMQ on the same Redis and
beside a single node on a file. A whole run writes docs/benchmarks/engine.md, with a profile where a goal was missed.

  --rounds N        rounds, each contestant once in each; default ${defaults.rounds}
  --chains N        chains of three steps; default ${defaults.chains}
  --products N      products of the shop; default ${defaults.products}, which are 5 % more pages
  --concurrency N   requests under way at once; default ${defaults.concurrency}
  --nodes N         nodes that are claimed, and whose bytes are counted; default ${defaults.nodes}
  --submissions N   tasks, one after the other; default ${defaults.submissions}
  --only A,B        of ${PARTS.join(', ')}
  --no-write        leave docs/benchmarks/engine.md as it is`;

const text = (name: keyof typeof defaults) => ({ type: 'string', default: defaults[name] }) as const;
const options = {
  rounds: text('rounds'),
  chains: text('chains'),
  products: text('products'),
  concurrency: text('concurrency'),
  nodes: text('nodes'),
  submissions: text('submissions'),
  only: { type: 'string' },
  'no-write': { type: 'boolean', default: false },
} as const;

const MEASURE: Readonly<Record<Part, (bench: Bench) => Promise<PartResult>>> = {
  steps: measureSteps,
  claims: measureClaims,
  pages: measurePages,
  latency: measureLatency,
  bytes: measureBytes,
};

await runCommand(usage, options, async (values) => {
  const sizes: Sizes = {
    rounds: whole('rounds', values.rounds),
    chains: whole('chains', values.chains),
    products: whole('products', values.products),
    concurrency: whole('concurrency', values.concurrency),
    nodes: whole('nodes', values.nodes),
    submissions: whole('submissions', values.submissions),
  };
  const parts = namesIn('only', values.only ?? PARTS.join(), PARTS);
  if (parts.includes('steps')) installPeers();
  const section = await withScratchFolder((scratch) => measureAll(parts, sizes, scratch));
  if (!values['no-write'] && values.only === undefined) writeSection('distributed', section);
  return true;
});

async function measureAll(parts: readonly Part[], sizes: Sizes, scratch: string): Promise<string> {
  const servers = await startBenchServers(scratch);
  try {
    const bench: Bench = { ...sizes, servers, scratch };
    const bullMq = parts.includes('steps') ? `, BullMQ ${versionOf('bullmq', 'peers')}` : '';
    const head = `Measured on ${machine()}; ${await serverVersions()}${bullMq}.`;
    console.log(`${head}\n`);
    const results: PartResult[] = [];
    const sections: string[] = [];
    for (const part of PARTS.filter((each) => parts.includes(each))) {
      const result = await MEASURE[part](bench);
      const profile = result.goals.every(isMet) ? '' : await profilePart(part, bench);
      const section = [`### ${result.title}`, result.text, profile].filter((each) => each !== '').join('\n\n');
      console.log(`\n${section}\n`);
      results.push(result);
      sections.push(section);
    }
    const goals = goalsTable(results.flatMap((result) => result.goals));
    console.log(goals);
    return [head, goals, ...sections].join('\n\n');
  } finally {
    await servers.stop();
  }
}
