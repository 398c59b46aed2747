/** `npm run bench:api`: the status API under polling clients, with many finished diagnoses stored. */
import { join } from 'node:path';
import { checkConsistency } from '../../libs/brand/consistency/check-consistency.ts';
import { BRANDS, QUESTIONS } from '../brand-flow/answers.ts';
import { machine } from './machine.ts';
import { runCommand, whole } from './options.ts';
import { withScratchFolder } from './scratch.ts';
import { ask, type Load } from './status-api/clients.ts';
import { startBenchServer } from './status-api/server.ts';
import { storeRuns, USER } from './status-api/stored-runs.ts';
import { figure, table } from './table.ts';

const usage = `npm run bench:api -- [options]
Fills a file with finished diagnoses (1 brand, 3 rivals, 3 questions, 4 models), serves it by \`catena serve\` in a process of
its own, and asks: one client for single answers, ten and fifty clients for polls. Ends with code 1 when a goal is missed.

  --runs N       finished runs that are stored; default 10000
  --seconds N    how long each load lasts; default 5`;

const options = {
  runs: { type: 'string', default: '10000' },
  seconds: { type: 'string', default: '5' },
} as const;

interface Row {
  readonly what: string;
  readonly load: Load;
  /** The goal in words, and whether it is reached. */
  readonly goal?: readonly [words: string, isReached: boolean];
}

await runCommand(usage, options, async (values) => {
  const runs = whole('runs', values.runs, 1);
  const forMs = whole('seconds', values.seconds, 1) * 1_000;
  return withScratchFolder(async (folder) => {
    const path = join(folder, 'runs.db');
    console.log(`Measured on ${machine()}, ${figure(runs)} finished runs stored.\n`);
    const ids = await storeRuns(path, runs);
    const server = await startBenchServer(path, folder);
    try {
      const rows = await measure(server.url, ids, forMs);
      console.log(table(['', 'answers/s', 'p50 ms', 'p99 ms', 'refused', 'goal'], rows.map(cells)));
      const checkMs = await consistencyMs(server.url, ids);
      console.log(`\nconsistency check: ${checkMs.toFixed(5)} ms (goal < 0.1, B42)`);
      return checkMs < 0.1 && rows.every(({ load, goal }) => load.refused === 0 && goal?.[1] !== false);
    } finally {
      await server.stop();
    }
  });
});

async function measure(url: string, ids: readonly string[], forMs: number): Promise<Row[]> {
  const some = (): string => ids[Math.floor(Math.random() * ids.length)] ?? '';
  const lookup = await ask(url, 1, forMs, () => `/api/test-progress?executionId=${some()}`);
  const full = await ask(url, 1, forMs, () => `/test/status/${some()}`);
  const deep = await ask(url, 1, forMs, () => `/api/deep-intelligence/${some()}`);
  const page = await ask(url, 1, forMs, () => `/api/test-history?userOpenid=${USER}&limit=20`);
  const health = await ask(url, 10, forMs, () => '/health');
  const polls = await ask(url, 10, forMs, () => `/test/status/${some()}`);
  const finished = await ask(url, 50, forMs, () => `/test/status/${some()}`);
  const underWay = await begin(url);
  const one = await ask(url, 50, forMs, () => `/test/status/${underWay}`);
  return [
    { what: 'status lookup', load: lookup, goal: ['p50 ≤ 10 ms (B38)', lookup.p50Ms <= 10] },
    { what: 'full result', load: full, goal: ['p50 ≤ 50 ms (B38)', full.p50Ms <= 50] },
    { what: 'deep intelligence', load: deep, goal: ['p50 ≤ 50 ms (B38)', deep.p50Ms <= 50] },
    { what: 'history, 20 runs', load: page },
    { what: 'health, 10 clients', load: health, goal: ['p99 < 100 ms (B42)', health.p99Ms < 100] },
    { what: 'status, 10 clients', load: polls, goal: ['p99 < 100 ms (B42)', polls.p99Ms < 100] },
    { what: 'status of finished runs, 50 clients', load: finished },
    { what: 'status of a run under way, 50 clients', load: one },
  ];
}

/** A run whose models do not answer, so that it stays under way. */
async function begin(url: string): Promise<string> {
  const [brand, ...rivals] = BRANDS;
  const response = await fetch(`${url}/api/perform-brand-test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      brand_list: [brand, ...rivals],
      selectedModels: ['doubao', 'deepseek', 'qwen', 'zhipu'],
      customQuestions: QUESTIONS,
      deadlineSeconds: 600,
    }),
  });
  return ((await response.json()) as { readonly execution_id: string }).execution_id;
}

function cells({ what, load, goal }: Row): string[] {
  const { answersPerSecond, p50Ms, p99Ms, refused } = load;
  const reached = goal === undefined ? '' : `${goal[0]}: ${goal[1] ? 'yes' : 'NO'}`;
  return [what, figure(answersPerSecond), figure(p50Ms, 2), figure(p99Ms, 2), figure(refused), reached];
}

/** One check of a whole status answer, on average. */
async function consistencyMs(url: string, ids: readonly string[]): Promise<number> {
  const body: unknown = await (await fetch(`${url}/test/status/${ids[0]}`)).json();
  const times = 20_000;
  const startMs = performance.now();
  for (let n = 0; n < times; n++) checkConsistency(body);
  return (performance.now() - startMs) / times;
}
