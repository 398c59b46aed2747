/** Every metric is recorded somewhere, and a run shows in those that are about runs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineModule } from '../../libs/modules/index.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';
import { run, startNode } from '../fixtures/flow.ts';

const ROOT = join(import.meta.dirname, '../..');

function productSource(): string {
  return ['libs', 'services']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('libs/cli'))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
}

it('every metric that is defined is recorded by some part of the product', () => {
  const source = productSource();
  expect(source.length).toBeGreaterThan(100_000);
  const unrecorded = Object.keys(METRICS).filter((name) => !new RegExp(`METRICS\\.${name}\\b`).test(source));
  expect(unrecorded).toEqual([]);
});

const page = defineModule({
  name: 'page',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { page: z.object({}) },
  items: { page: z.object({ length: z.number() }) },
}).implement({
  *start({ go }) {
    yield go.page({});
  },
  steps: {
    page: {
      request: ({ input }) => input.base,
      *parse({ put, text }) {
        yield put.page({ length: text.length });
      },
    },
  },
});

it('a run shows in the metrics of transitions, executions, downloads and stages', async () => {
  const { origin } = await startServer((_request, response) => response.end('a page'));
  const told: string[] = [];
  const node = startNode([page], {}, { onDownload: (_host, _durationMs, outcome) => told.push(outcome) });
  await run(node, page, { base: origin });
  const samples = new Set(node.metrics.expose().split('\n'));
  const wanted = [
    'script_code_total{script="ptm_claim",code="EXECUTE"} 1',
    'script_code_total{script="ptm_commit_success",code="COMMIT_OK"} 3',
    'script_latency_ms_count{script="run_open"} 1',
    'ptm_processing_duration_ms_count{kind="hop"} 2',
    'ptm_processing_duration_ms_count{kind="request"} 1',
    'download_duration_ms_count{outcome="2xx"} 1',
    'stage_queue_depth{stage="parser"} 0',
    'stage_in_flight{stage="downloader"} 0',
    'ptm_processing_age_ms 0',
    'items_committed_total 1',
  ];
  expect(wanted.filter((sample) => !samples.has(sample))).toEqual([]);
  expect(told).toEqual(['200']);
});
