/** The alert rules: Prometheus takes them, each fires for its fault alone, names what exists, and has a runbook. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { METRICS, type MetricDefinition } from '../../libs/telemetry/metric-names.ts';
import { CHART, helm } from './helm.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const RULES = join(CHART, 'alerts/catena.yaml');
const TESTS = join(ROOT, 'deploy/alerts/tests.yaml');
const RUNBOOKS = join(ROOT, 'deploy/runbooks');
/** Pages of the folder that belong to no rule. */
const OTHER_PAGES = ['README.md', 'threshold-calibration.md'];
/** Labels that Prometheus adds, and the ones of histograms. */
const FOREIGN_LABELS = ['namespace', 'instance', 'job', 'le'];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

const read = (path: string) => readFileSync(path, 'utf8');
const rules = (parse(read(RULES)) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const runbooks = readdirSync(RUNBOOKS).filter((name) => name.endsWith('.md'));

/** The labels of each series name that a process may expose. */
const series = new Map(
  Object.values<MetricDefinition>(METRICS).flatMap(({ name, kind, labels }) =>
    (kind === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']).map((end) => [`${name}${end}`, labels] as const),
  ),
);

const WORDS_OF_PROMQL = new Set(['and', 'or', 'unless', 'on', 'by', 'offset']);

/** What an expression names that no process exposes. */
function unknownIn(expression: string): string[] {
  const unknown: string[] = [];
  const text = expression.replaceAll(/"[^"]*"/g, '""');
  for (const [, name = '', labels = ''] of text.matchAll(/([a-z_]\w*)\{([^}]*)\}/g)) {
    const known = [...(series.get(name) ?? []), ...FOREIGN_LABELS];
    for (const [label] of labels.matchAll(/[a-z_]\w*(?=\s*[=!])/g)) if (!known.includes(label)) unknown.push(label);
  }
  const bare = text
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|on)\s*\([^)]*\)/g, ' ');
  for (const [word, ...rest] of bare.matchAll(/(?<![\w.])[a-z_]\w*(?!\w)(\s*\()?/g)) {
    const isFunction = rest[0] !== undefined;
    if (!isFunction && !WORDS_OF_PROMQL.has(word) && !series.has(word)) unknown.push(word);
  }
  return unknown;
}

/** The queries of a runbook, one a line. */
function queriesOf(page: string): string[] {
  return [...page.matchAll(/```promql\n([^`]*)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
}

async function promtool(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run('promtool', [...args]);
  return stdout + stderr;
}

it('Prometheus takes the rules, and each alert fires for its fault and not for its neighbour', async () => {
  expect(await promtool('check', 'rules', RULES)).toContain(`${rules.length} rules found`);
  expect(await promtool('test', 'rules', TESTS)).toContain('SUCCESS');
}, 60_000);

it('every alert has a test in which it fires and one in which it does not', () => {
  const tested = (parse(read(TESTS)) as { tests: { alert_rule_test: AlertTest[] }[] }).tests.flatMap(
    (each) => each.alert_rule_test,
  );
  for (const { alert } of rules) {
    const own = tested.filter(({ alertname }) => alertname === alert);
    expect([alert, own.filter(({ exp_alerts }) => exp_alerts.length > 0).length]).toEqual([alert, 1]);
    expect([alert, own.filter(({ exp_alerts }) => exp_alerts.length === 0).length]).toEqual([alert, 1]);
  }
  expect(tested).toHaveLength(2 * rules.length);
});

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

it('a name that no process exposes is found, in an expression as in its labels', () => {
  expect(unknownIn('sum by (namespace) (rate(ptm_commit_total{result="COMMIT_OK"}[10m])) > 0.01')).toEqual([]);
  expect(unknownIn('sum(rate(ptm_comits_total[10m])) > 0')).toEqual(['ptm_comits_total']);
  expect(unknownIn('max(ptm_commit_total{code="COMMIT_OK"})')).toEqual(['code']);
  expect(unknownIn('rate(script_latency_ms[5m])')).toEqual(['script_latency_ms']);
});

it('alerts and runbooks name only series and labels that exist', () => {
  expect(rules.length).toBeGreaterThan(20);
  for (const { alert, expr } of rules) expect([alert, unknownIn(expr)]).toEqual([alert, []]);
  for (const name of runbooks) {
    const queries = queriesOf(read(join(RUNBOOKS, name)));
    expect([name, queries.flatMap(unknownIn)]).toEqual([name, []]);
  }
});

it('each alert has its runbook, with its expression, and each runbook its alert', () => {
  const linked = rules.map(({ annotations }) => annotations.runbook_url.replace('deploy/runbooks/', ''));
  expect(linked).toEqual(rules.map(({ alert }) => `${alert}.md`));
  expect([...linked, ...OTHER_PAGES].sort()).toEqual([...runbooks].sort());
  for (const { alert, expr, for: lasting, labels } of rules) {
    const page = read(join(RUNBOOKS, `${alert}.md`));
    expect(page).toContain(`\`\`\`promql\n${expr}\n\`\`\``);
    expect(page).toContain(`**Severity:** ${labels.severity}. **Fires** when this holds for ${lasting}`);
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['What it means', 'Look', 'What to do', 'Wake somebody?']);
    expect(queriesOf(page).length).toBeGreaterThan(1);
  }
});

it('Prometheus takes every query of the runbooks', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'catena-queries-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const queries = runbooks.flatMap((name) => queriesOf(read(join(RUNBOOKS, name))));
  const records = queries.map((expr, at) => ({ record: `catena:query${at}`, expr }));
  const path = join(folder, 'queries.yaml');
  writeFileSync(path, JSON.stringify({ groups: [{ name: 'queries', rules: records }] }));
  expect(await promtool('check', 'rules', path)).toContain(`${records.length} rules found`);
}, 60_000);

it('runbooks name only commands and settings that exist', () => {
  const commands = read(join(ROOT, 'docs/reference/cli.md'));
  const settings = read(join(ROOT, 'docs/reference/configuration.md'));
  for (const name of runbooks) {
    const page = read(join(RUNBOOKS, name));
    for (const [, command] of page.matchAll(/`catena ([a-z-]+)/g)) {
      expect([name, command, commands.includes(`## catena ${command}\n`)]).toEqual([name, command, true]);
    }
    for (const [, setting] of page.matchAll(/`((?:[a-z]+\.)[a-z_]+(?:_[a-z]+)*)(?:: [a-z\d]+)?`/g)) {
      const isCode = /^(?:execution|budget|module|store|coordinator|bus)\.[a-z_]+$/.test(setting!);
      expect([name, setting, isCode || settings.includes(`\`${setting}\``)]).toEqual([name, setting, true]);
    }
  }
});

it('the chart ships the rules, and links runbooks where the values say they are', { timeout: 60_000 }, async () => {
  const shown = ['template', 'demo', CHART, '--show-only', 'templates/monitoring.yaml'];
  const rendered = async (more = '') =>
    parse(await helm(...shown, '--set', `monitoring.prometheusRule.enabled=true${more}`)) as Shipped;
  const shipped = await rendered();
  expect(shipped.kind).toBe('PrometheusRule');
  expect(shipped.spec).toEqual(parse(read(RULES)));
  const moved = await rendered(',monitoring.prometheusRule.runbooks=https://wiki.test/catena');
  const links = moved.spec.groups.flatMap((group) => group.rules.map(({ annotations }) => annotations.runbook_url));
  expect(links).toEqual(rules.map(({ alert }) => `https://wiki.test/catena/${alert}.md`));
});

interface Shipped {
  readonly kind: string;
  readonly spec: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
}

it('Prometheus of the compose file reads the same rules', () => {
  const compose = parse(read(join(ROOT, 'deploy/compose/compose.yaml')), { merge: true }) as {
    readonly services: { readonly prometheus: { readonly volumes: readonly string[] } };
  };
  const mounted = compose.services.prometheus.volumes.find((volume) => volume.includes('catena.yaml'))!.split(':');
  expect(join(ROOT, 'deploy/compose', mounted[0]!)).toBe(RULES);
  const config = parse(read(join(ROOT, 'deploy/compose/prometheus.yml'))) as { readonly rule_files: readonly string[] };
  expect(config.rule_files).toEqual([mounted[1]]);
});
