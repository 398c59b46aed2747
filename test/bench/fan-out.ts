/** `npm run bench:fanout`: one node with many children and a join behind them, over a bus that does its worst. */

import type { Bus } from '../../libs/bus/port.ts';
import { ClaimCode } from '../../libs/coordination/protocol/claims.ts';
import { codeName } from '../../libs/coordination/protocol/outcome.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { RunningNode } from '../../services/node/running.ts';
import fanOut from '../fixtures/modules/fan-out.ts';
import { UnrulyBus, unrulyRates } from '../fixtures/unruly-bus.ts';
import { itemsOf, startBenchNode, submit } from './contestants/bench-node.ts';
import { runCommand, whole } from './options.ts';
import { writeSection } from './page.ts';
import { figure, table } from './table.ts';

const defaults = { children: '20000', seed: '1' };

const usage = `npm run bench:fanout -- [options]
Runs one node with many children and a join over a bus that loses, doubles, delays, reorders and redelivers messages.
Fails when a child or the join is missing or doubled, and when a fault did not happen. Writes docs/benchmarks/engine.md.

  --children N   default ${defaults.children}
  --seed N       of the faults; default ${defaults.seed}
  --no-write     leave docs/benchmarks/engine.md as it is`;

const options = {
  children: { type: 'string', default: defaults.children },
  seed: { type: 'string', default: defaults.seed },
  'no-write': { type: 'boolean', default: false },
} as const;

interface Check {
  readonly what: string;
  readonly expected: number;
  readonly found: number;
}

await runCommand(usage, options, async (values) => {
  const children = whole('children', values.children);
  const seed = whole('seed', values.seed, 0);
  const bus: { unruly?: UnrulyBus } = {};
  const wrapBus = (queues: Bus): Bus => {
    bus.unruly = new UnrulyBus(queues, { seed, rates: unrulyRates, shuffle: 32, maxDelayMs: 200 });
    return bus.unruly;
  };
  // Short graces, so that a lost bell costs a moment; everything else is as by default.
  const graces = { dispatch_grace_ms: 500, sweep_interval_ms: 100 };
  const node = startBenchNode(fanOut, ':memory:', graces, { wrapBus });
  const startMs = performance.now();
  const { runId } = await submit(node, fanOut, { branches: 1, leaves: children });
  await node.closed(runId);
  const seconds = (performance.now() - startMs) / 1_000;
  const checks = await checksOf(node, runId, children);
  const faults = Object.entries(bus.unruly?.faults ?? {});
  const claims = claimsOf(node);
  await node.stop();

  const isVacuous = faults.length === 0 || faults.some(([, count]) => count === 0);
  const failed = checks.filter(({ expected, found }) => expected !== found);
  const text = [
    `${figure(children)} children, seed ${seed}, ${figure(seconds, 1)} s, most of it waiting for lost bells to be rung again.`,
    table(
      ['result', 'expected', 'found'],
      checks.map(({ what, expected, found }) => [what, figure(expected), figure(found)]),
    ),
    table(
      ['fault', 'messages'],
      faults.map(([fault, count]) => [fault, figure(count)]),
    ),
    table(['answer to a claim', 'count'], claims),
  ].join('\n\n');
  console.log(text);
  if (isVacuous) console.error('\na fault did not happen: this run shows nothing');
  for (const { what, expected, found } of failed) console.error(`\nFAILED: ${what} is ${found} instead of ${expected}`);
  if (isVacuous || failed.length > 0) return false;
  if (!values['no-write']) writeSection('fan-out', text);
  return true;
});

async function checksOf(node: RunningNode, runId: string, children: number): Promise<Check[]> {
  const end = (await node.store.findRun(runId))?.end;
  const snapshot = await node.progress(runId);
  const { drift, nodes } = await node.coordinator.runAudit({ runId });
  const items = (await itemsOf(node, runId)) as Partial<Record<'leaf' | 'leaves' | 'distinct' | 'sum', number>>[];
  const leaves = items.flatMap(({ leaf }) => leaf ?? []);
  const joins = items.filter(({ sum }) => sum !== undefined);
  const joinNodes = snapshot?.modules[0]?.phases[1]?.created ?? Number.NaN;
  return [
    // The start, the root and the one branch; then the join.
    { what: 'nodes done', expected: children + 4, found: end?.done ?? Number.NaN },
    { what: 'nodes dead', expected: 0, found: end?.dead ?? Number.NaN },
    { what: 'items of children', expected: children, found: leaves.length },
    { what: 'of them distinct', expected: children, found: new Set(leaves).size },
    { what: 'joins', expected: 1, found: joinNodes },
    { what: 'items of joins', expected: 1, found: joins.length },
    { what: 'children the join saw', expected: children, found: joins[0]?.leaves ?? Number.NaN },
    { what: 'sum of their numbers', expected: (children * (children - 1)) / 2, found: joins[0]?.sum ?? Number.NaN },
    { what: 'nodes audited', expected: children + 4, found: nodes },
    { what: 'audit drift', expected: 0, found: drift.length },
  ];
}

function claimsOf({ metrics }: RunningNode): string[][] {
  return Object.values(ClaimCode).map((code) => {
    const result = codeName(ClaimCode, code);
    return [result, figure(metrics.counter(METRICS.ptmClaim).with({ result }).value)];
  });
}
