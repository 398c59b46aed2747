/** The real program, killed again and again on its way to a cap; and what it shows of caps. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CatenaProcesses, FIXTURES } from '../../services/catena-processes.fixture.ts';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';

let processes: CatenaProcesses;
beforeEach(() => {
  processes = new CatenaProcesses();
});
afterEach(() => processes.dispose());

const MODULE = `${FIXTURES}/endless.ts`;
const run = (base: string, ...more: string[]): string[] => [
  ...['run', MODULE, '--db', 'a.db', '--input', `base=${base}`, '-o', 'rows.jsonl'],
  ...['--set', 'limits.requests_per_second=0', '--set', 'robots.enabled=false', ...more],
];

/** A site that ends the process that asks it, at so many requests. */
async function startSite() {
  const asked: string[] = [];
  const killAt = new Map<number, () => void>();
  const { origin } = await startServer(({ url = '' }, response) => {
    asked.push(url);
    killAt.get(asked.length)?.();
    response.end('x'.repeat(100));
  });
  return { origin, asked, killAt };
}

it('has exactly as many pages and items as it may, however often it is killed before', async () => {
  const { origin, asked, killAt } = await startSite();
  for (const requests of [40, 90, 140, 190]) {
    const killed = processes.start(run(origin, '--max-pages', '200'));
    killAt.set(requests, () => killed.child.kill('SIGKILL'));
    expect((await killed.ended).signal).toBe('SIGKILL');
  }
  const last = await processes.run(...run(origin, '--max-pages', '200'));
  expect(last.code, last.stderr).toBe(0);
  expect(last.stderr).toContain('it keeps the cap on pages that it was started with');
  expect(last.stderr).toMatch(/finished +capped: 200 of 200 pages; \d+ hops and requests were left out/);
  expect(new Set(asked).size).toBe(200);
  const rows = processes.rowsOf('rows.jsonl').map((row) => JSON.parse(row) as { item?: object });
  expect(rows).toHaveLength(601);

  const shown = await processes.run('show', 'last', '--db', 'a.db');
  expect(shown.stdout).toMatch(/caps +200 of 200 pages; reached: pages; [\d,]+ hops and requests left out/);
  const { stdout } = await processes.run('runs', '--db', 'a.db', '-o', 'json');
  expect(JSON.parse(stdout)).toMatchObject([
    { finish_reason: 'capped', failed: 0, items: 601, caps: { pages: { used: 200, cap: 200 }, reached: ['pages'] } },
  ]);
  const explained = await processes.run('explain', 'last', '--db', 'a.db');
  expect(explained.stdout).toContain('The run ended as capped');
});

it('has exactly as many items as it may, killed on the way', async () => {
  const { origin, killAt } = await startSite();
  const killed = processes.start(run(origin, '--max-items', '500'));
  killAt.set(120, () => killed.child.kill('SIGKILL'));
  expect((await killed.ended).signal).toBe('SIGKILL');
  const last = await processes.run(...run(origin, '--json'));
  expect(last.code, last.stderr).toBe(0);
  const [finished] = last.stdout.trimEnd().split('\n').slice(-1);
  expect(JSON.parse(finished!)).toMatchObject({ finish_reason: 'capped', items: 500, failed: 0, exit_code: 0 });
  expect(processes.rowsOf('rows.jsonl')).toHaveLength(500);
});

it('refuses a cap that is none before anything begins', async () => {
  for (const cap of ['--max-pages=0', '--max-items=many', '--max-depth=-1', '--max-bytes=0MB', '--max-bytes=5MiB']) {
    const { code, stderr } = await processes.run(...run('http://127.0.0.1:1', cap));
    expect([cap, code]).toEqual([cap, 2]);
    expect(stderr).toContain(cap.split('=')[0]);
  }
});
