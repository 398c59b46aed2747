/**
 * Many runs side by side in one process: a large run, and small ones that arrive in three classes of two accounts. Says how long the
 * small ones took beside their time alone, how the slots were shared between the classes, and what the large one lost.
 */
import { setTimeout as wait } from 'node:timers/promises';
import shares from '../../fixtures/modules/shares.ts';
import { startBenchNode } from '../contestants/bench-node.ts';
import { median } from '../medians.ts';
import { runCommand, whole } from '../options.ts';
import { figure, table } from '../table.ts';

const USAGE = `usage: npm run bench:fair -- [--leaves N] [--small N] [--ms N]
  --leaves N   hops of the large run, default 100000
  --small N    small runs that arrive beside it, default 20
  --ms N       how long each hop takes, default 5`;

const OPTIONS = {
  leaves: { type: 'string', default: '100000' },
  small: { type: 'string', default: '20' },
  ms: { type: 'string', default: '5' },
  help: { type: 'boolean', default: false },
} as const;

/** Hops of a small run, one after the other. */
const HOPS = 3;
const CLASSES = [
  { name: 'high', priority: 100 },
  { name: 'normal', priority: 0 },
  { name: 'low', priority: -100 },
] as const;
const ACCOUNTS = ['one', 'two'] as const;

type Node = ReturnType<typeof startBenchNode>;

await runCommand(USAGE, OPTIONS, async (values) => {
  const [leaves, small, ms] = [whole('leaves', values.leaves), whole('small', values.small), whole('ms', values.ms)];
  const alone = await inNode(async (node) => {
    await secondsOf(node, { hops: HOPS, ms });
    return median([await secondsOf(node, { hops: HOPS, ms }), await secondsOf(node, { hops: HOPS, ms })]);
  });
  const largeAlone = await inNode((node) => secondsOf(node, { leaves, ms }));
  const beside = await inNode((node) => sideBySide(node, { leaves, small, ms, largeAlone }));
  const waits = beside.small.map(({ seconds }) => seconds / alone).sort((one, other) => one - other);
  const quantile = (share: number): number => waits[Math.min(waits.length - 1, Math.floor(share * waits.length))]!;
  console.log(
    table(
      ['', 'alone', 'beside', 'ratio'],
      [
        ['a small run, median, s', figure(alone, 3), figure(alone * quantile(0.5), 3), figure(quantile(0.5), 2)],
        ['a small run, p95, s', figure(alone, 3), figure(alone * quantile(0.95), 3), figure(quantile(0.95), 2)],
        ['hops per second, all runs', ...throughputs(leaves, small, largeAlone, beside.seconds)],
      ],
    ),
  );
  const rows = CLASSES.map(({ name }) => {
    const ofClass = beside.small.filter((each) => each.name === name).map(({ seconds }) => seconds / alone);
    return [name, figure(ofClass.length), figure(median(ofClass), 2), figure(Math.max(...ofClass), 2)];
  });
  console.log(`\n${table(['class', 'runs', 'ratio, median', 'ratio, most'], rows)}`);
  return true;
});

function throughputs(leaves: number, small: number, alone: number, beside: number): [string, string, string] {
  const [before, after] = [leaves / alone, (leaves + small * HOPS) / beside];
  return [figure(before), figure(after), figure(after / before, 3)];
}

async function inNode<T>(act: (node: Node) => Promise<T>): Promise<T> {
  const node = startBenchNode(shares, ':memory:');
  try {
    return await act(node);
  } finally {
    await node.stop();
  }
}

/** From the submission of a run to its end. */
async function secondsOf(
  node: Node,
  input: object,
  task: { account?: string; priority?: number } = {},
): Promise<number> {
  const from = performance.now();
  const { runId } = await node.submit({ modules: [shares.id], input, account: 'one', platform: 'bench', ...task });
  await node.closed(runId);
  const { finishReason } = (await node.store.findRun(runId))!.end!;
  if (finishReason !== 'completed') throw new Error(`run ${runId} ended as ${finishReason}`);
  return (performance.now() - from) / 1_000;
}

/** The small runs arrive over the middle half of the time that the large one takes alone. */
async function sideBySide(
  node: Node,
  { leaves, small, ms, largeAlone }: { leaves: number; small: number; ms: number; largeAlone: number },
) {
  const from = performance.now();
  const large = secondsOf(node, { leaves, ms });
  const pauseMs = (largeAlone * 1_000) / (2 * small);
  await wait((largeAlone * 1_000) / 10);
  const begun: Promise<{ readonly name: string; readonly seconds: number }>[] = [];
  for (let at = 0; at < small; at++) {
    const { name, priority } = CLASSES[at % CLASSES.length]!;
    const account = ACCOUNTS[at % ACCOUNTS.length]!;
    begun.push(secondsOf(node, { hops: HOPS, ms }, { account, priority }).then((seconds) => ({ name, seconds })));
    await wait(pauseMs);
  }
  const ended = await Promise.all(begun);
  await large;
  return { small: ended, seconds: (performance.now() - from) / 1_000 };
}
