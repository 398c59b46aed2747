import { expect, it } from 'vitest';
import { Metrics } from '../../telemetry/metrics.ts';
import { meterDownloads, sampleStages } from './meters.ts';

const lines = (metrics: Metrics, start: string) =>
  metrics
    .expose()
    .split('\n')
    .filter((line) => line.startsWith(start));

it('a scrape reads the stages as they are then', () => {
  const metrics = new Metrics();
  let oldest: number | undefined;
  const parser = { inFlight: 0 };
  const solitude: { state: 'open' | 'waiting' | 'alone' } = { state: 'open' };
  sampleStages(metrics, {
    bus: { depth: (stage) => (stage === 'parser' ? 3 : 0) },
    stages: { parser },
    leases: { oldestSinceMs: () => oldest },
    solitude,
    now: () => 1_000,
  });
  expect(lines(metrics, 'ptm_processing_age_ms')).toEqual(['ptm_processing_age_ms 0']);
  parser.inFlight = 2;
  oldest = 400;
  solitude.state = 'alone';
  expect(lines(metrics, 'stage_queue_depth')).toEqual(['stage_queue_depth{stage="parser"} 3']);
  expect(lines(metrics, 'stage_in_flight')).toEqual(['stage_in_flight{stage="parser"} 2']);
  expect(lines(metrics, 'ptm_processing_age_ms')).toEqual(['ptm_processing_age_ms 600']);
  expect(lines(metrics, 'suspects{')).toEqual(['suspects{state="waiting"} 0', 'suspects{state="alone"} 1']);
});

it('downloads are recorded by the class of their outcome, and passed on as they are', () => {
  const metrics = new Metrics();
  const told: unknown[][] = [];
  const observe = meterDownloads(metrics, (...download) => told.push(download));
  for (const outcome of ['200', '204', '503', 'failed', '999', '']) observe('shop.test', 10, outcome);
  const counts = lines(metrics, 'download_duration_ms_count');
  for (const [outcome, count] of [
    ['2xx', 2],
    ['4xx', 0],
    ['5xx', 1],
    ['failed', 1],
    ['other', 2],
  ]) {
    expect(counts).toContain(`download_duration_ms_count{outcome="${outcome}"} ${count}`);
  }
  expect(told[0]).toEqual(['shop.test', 10, '200']);
  expect(told).toHaveLength(6);
});
