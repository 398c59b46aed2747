/** The real program, killed between what it set aside and what it would have settled; and what it shows of costs. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CatenaProcesses, type Ended, FIXTURES } from '../../services/catena-processes.fixture.ts';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';

let processes: CatenaProcesses;
beforeEach(() => {
  processes = new CatenaProcesses();
});
afterEach(() => processes.dispose());

const MODULE = `${FIXTURES}/paid-calls.ts`;
const QUICK = ['--set', 'limits.requests_per_second=0', '--set', 'robots.enabled=false'];

/** Answers `/0` at once and the others once it may. */
async function startSlowly() {
  const asked: string[] = [];
  let mayAnswer = false;
  const { origin } = await startServer(({ url = '' }, response) => {
    asked.push(url);
    if (mayAnswer || url === '/0') response.end('page');
  });
  const answer = () => {
    mayAnswer = true;
  };
  return { origin, asked, answer };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The last event of a run. */
function finished({ stdout }: Ended): unknown {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event?: string })
    .at(-1);
}

const calls = (count: number) => Array.from({ length: count }, (_, n) => ({ path: `/${n}`, n, charge: 0.25 }));
const run = (base: string, count: number, ...more: string[]): string[] => [
  ...['run', MODULE, '--db', 'a.db', '--input', `base=${base}`, '--input', `calls=${JSON.stringify(calls(count))}`],
  ...[...QUICK, ...more],
];

it('a run that is killed while calls are under way counts them as spent, and is resumed within its cap', async () => {
  const { origin, asked, answer } = await startSlowly();
  const first = processes.start(run(origin, 3, '--cost-cap', '5'));
  await until(() => asked.length === 3);
  const view = async () => JSON.parse((await processes.run('show', 'last', '--db', 'a.db', '-o', 'json')).stdout);
  await expect.poll(view, { timeout: 60_000 }).toMatchObject({ items: 1, cost: 0.25, cost_reserved: 2, cost_cap: 5 });
  first.child.kill('SIGKILL');
  await first.ended;
  expect(await view(), 'nothing is lost by the kill').toMatchObject({ cost: 0.25, cost_reserved: 2 });

  answer();
  const second = await processes.run(...run(origin, 3, '--cost-cap', '9', '--json'));
  expect(second.code, second.stderr).toBe(0);
  expect(asked.toSorted()).toEqual(['/0', '/1', '/1', '/2', '/2']);
  expect(finished(second)).toMatchObject({ finish_reason: 'completed', items: 3, cost: 2.75, cost_reserved: 0 });
  expect(await view()).toMatchObject({ cost: 2.75, cost_reserved: 0, cost_cap: 5 });
  const { stdout } = await processes.run('runs', '--db', 'a.db', '-o', 'json');
  expect(JSON.parse(stdout)).toMatchObject([{ cost: 2.75, cost_cap: 5 }]);
});

it('a dead letter that is replayed pays again, under the cap and in the figure that its run had', async () => {
  const { origin, asked, answer } = await startSlowly();
  answer();
  const first = await processes.run(...run(origin, 10, '--cost-cap', '1.6', '--set', 'download_concurrency=1'));
  expect(first.code, first.stderr).toBe(3);
  const [shown] = /^ +cost +(.*)/m.exec(first.stderr) ?? [];
  expect(shown).toContain('of at most 1.60');
  // A fourth could have cost up to 1, and 0.75 of 1.6 are spent.
  expect(asked).toHaveLength(3);
  const replayed = await processes.run('replay', 'last', '--db', 'a.db');
  expect(replayed.code, replayed.stderr).toBe(0);
  const again = await processes.run(...run(origin, 10, '--json'));
  expect(finished(again)).toMatchObject({ finish_reason: 'completed', failed: 7, cost: 0.75 });
  expect(asked, 'the cap holds for a replay').toHaveLength(3);
});

it('an amount that is none is refused before anything begins', async () => {
  for (const amount of ['0', '-1', 'much', '1e3', 'Infinity']) {
    const { code, stderr } = await processes.run(...run('http://127.0.0.1:1', 1, `--cost-cap=${amount}`));
    expect([amount, code]).toEqual([amount, 2]);
    expect(stderr).toContain('--cost-cap');
  }
});
