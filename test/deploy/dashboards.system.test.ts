/** The dashboards: what is checked in is what the builder makes, and a Prometheus that scrapes a live run answers each query. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { freePort } from '../../libs/local-servers/free-port.ts';
import { startCountedSite } from '../fixtures/deployment/counted-site.ts';
import { startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, submitRun } from '../fixtures/deployment/runs.ts';
import { startServerProcess } from '../fixtures/servers/server-process.ts';
import { DASHBOARDS, dashboardJson, FOLDER } from '../tools/dashboards.ts';
import { CHART, helm } from './helm.ts';

const ROOT = join(import.meta.dirname, '../..');
const PATIENT = { timeout: 60_000, interval: 500 };
/** Counters with labels, which appear with their first fault; a run without one has none of them. */
const ONLY_WITH_FAULTS = [
  'parser_chain_backpressure_total',
  'download_response_backpressure_total',
  'request_publish_backpressure_total',
  'catena_audit_repairs_total',
  'catena_backend_errors_total',
  'alerts_total',
  'catena_status_answers_total',
];
const QUICK = {
  CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
  CATENA_LIMITS_CONCURRENCY_PER_HOST: '0',
  CATENA_ROBOTS_ENABLED: 'false',
};

const queries = DASHBOARDS.flatMap(({ file, panels }) =>
  panels.flatMap((panel) => panel.queries.map(([expr]) => ({ from: `${file}: ${panel.title}`, expr }))),
);

it('the JSON that is checked in is what the builder makes', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(DASHBOARDS.map(({ file }) => file).sort());
  for (const dashboard of DASHBOARDS) {
    // Else: npm run generate.
    expect(readFileSync(join(FOLDER, dashboard.file), 'utf8')).toBe(dashboardJson(dashboard));
  }
});

it('a Prometheus that scrapes a live run answers every query, with data but for those of faults', {
  timeout: 200_000,
}, async () => {
  const site = await startCountedSite();
  const deployment = await startDeployment({ modules: ['test/fixtures/modules/parser-throws.ts'], env: QUICK });
  onTestFinished(() => deployment.stop());
  const folder = mkdtempSync(join(tmpdir(), 'catena-prometheus-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const targets = deployment.services.map(({ metricsUrl }) => new URL(metricsUrl).host);
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'catena', static_configs: [{ targets }] }],
  };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  const prometheus = await startServerProcess({
    ...{ name: 'prometheus', command: 'prometheus', port },
    args: [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });
  onTestFinished(() => prometheus.stop());
  const runId = await submitRun(deployment, 'parser-throws@1.0.0', { base: site.url });
  await closedRun(deployment, runId);

  const empty = async (): Promise<string[]> => {
    const without: string[] = [];
    for (const { from, expr } of queries) {
      const url = new URL(`http://127.0.0.1:${port}/api/v1/query`);
      url.searchParams.set('query', expr.replaceAll('$__rate_interval', '1m'));
      const answer = (await (await fetch(url)).json()) as Answer;
      expect([from, expr, answer.status]).toEqual([from, expr, 'success']);
      if (answer.data.result.length === 0) without.push(`${from}: ${expr}`);
    }
    return without.filter((line) => !ONLY_WITH_FAULTS.some((name) => line.includes(name)));
  };
  await vi.waitFor(async () => expect(await empty()).toEqual([]), PATIENT);
});

interface Answer {
  readonly status: string;
  readonly data: { readonly result: readonly unknown[] };
}

it('the chart ships them as ConfigMaps, and the compose file provisions them', { timeout: 60_000 }, async () => {
  const text = await helm(
    ...['template', 'demo', CHART, '--show-only', 'templates/monitoring.yaml'],
    ...['--set', 'monitoring.dashboards.enabled=true'],
  );
  const maps = parseAllDocuments(text).map((document) => document.toJSON() as { data: Record<string, string> });
  const shipped = Object.fromEntries(maps.flatMap(({ data }) => Object.entries(data)));
  for (const dashboard of DASHBOARDS) {
    expect(JSON.parse(shipped[`catena-${dashboard.file}`]!)).toEqual(JSON.parse(dashboardJson(dashboard)));
  }
  const compose = parse(readFileSync(join(ROOT, 'deploy/compose/compose.yaml'), 'utf8'), { merge: true }) as {
    readonly services: { readonly grafana: { readonly volumes: readonly string[] } };
  };
  const mounts = compose.services.grafana.volumes.map((volume) => volume.split(':'));
  const [source = '', path] = mounts.find(([from]) => from!.endsWith('dashboards'))!;
  expect(join(ROOT, 'deploy/compose', source)).toBe(FOLDER);
  const provider = readFileSync(join(ROOT, 'deploy/compose/grafana-dashboards.yaml'), 'utf8');
  expect((parse(provider) as { providers: { options: { path: string } }[] }).providers[0]!.options.path).toBe(path);
});
