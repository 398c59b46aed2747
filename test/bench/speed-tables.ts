/** The tables of `npm run bench`. */
import { CRAWLERS, type CrawlerId, PARSERS, type ParserId, STEPPERS } from './contestants.ts';
import { median, medianRatio } from './medians.ts';
import type { Player, Sample, Samples } from './rounds.ts';
import { figure, mebibytes, table } from './table.ts';

export function crawlTable(samples: Samples): string {
  const beside = (samplesOf: readonly Sample[], other: CrawlerId): string =>
    figure(medianRatio(speeds(samplesOf), speeds(samples.get(other) ?? [])), 2);
  const rows = present(CRAWLERS, samples).map(({ name, taken }) => [
    name,
    figure(median(speeds(taken))),
    range(speeds(taken)),
    figure(median(taken.map(({ cpuSeconds }) => cpuSeconds)), 2),
    figure(median(taken.map(({ cpuSeconds, units }) => (cpuSeconds / units) * 1_000)), 2),
    mebibytes(median(taken.map(({ peakRssBytes }) => peakRssBytes))),
    figure(median(taken.map(({ startUpSeconds }) => startUpSeconds)), 2),
    beside(taken, 'floor'),
    beside(taken, 'crawlee'),
  ]);
  const header = 'contestant|pages/s|slowest – fastest|CPU s|CPU ms/page|peak RSS MiB|start-up s|× floor|× Crawlee';
  return table(header.split('|'), rows);
}

export function stepsTable(samples: Samples): string {
  const rows = present(STEPPERS, samples).map(({ name, taken }) => [
    name,
    figure(median(speeds(taken))),
    range(speeds(taken)),
    figure(median(taken.map(({ cpuSeconds }) => cpuSeconds)), 2),
    figure(median(taken.map(({ cpuSeconds, units }) => (cpuSeconds / units) * 1e6)), 0),
    mebibytes(median(taken.map(({ peakRssBytes }) => peakRssBytes))),
  ]);
  return table('store|steps/s|slowest – fastest|CPU s|CPU µs/step|peak RSS MiB'.split('|'), rows);
}

export function parsersTable(samples: Samples): string {
  const slim: ParserId = 'parse-slim';
  const rows = present(PARSERS, samples).map(({ name, taken }) => [
    name,
    figure(median(speeds(taken))),
    range(speeds(taken)),
    figure(median(taken.map(({ cpuSeconds, units }) => (cpuSeconds / units) * 1e6)), 0),
    figure(medianRatio(speeds(taken), speeds(samples.get(slim) ?? [])), 2),
  ]);
  return table('parser|pages/s|slowest – fastest|CPU µs/page|× cheerio slim'.split('|'), rows);
}

/** One line for a terminal while the rounds go on. */
export function sampleLine(round: number, { name }: Player, sample: Sample): string {
  const { unitsPerSecond, cpuSeconds, peakRssBytes } = sample;
  const cells = [
    figure(unitsPerSecond).padStart(7),
    figure(cpuSeconds, 2).padStart(6),
    mebibytes(peakRssBytes).padStart(4),
  ];
  return `round ${round + 1}  ${name.padEnd(30)} ${cells[0]} /s  ${cells[1]} CPU s  ${cells[2]} MiB`;
}

function present(contestants: readonly Player[], samples: Samples) {
  return contestants.flatMap(({ id, name }) => {
    const taken = samples.get(id) ?? [];
    return taken.length === 0 ? [] : [{ name, taken }];
  });
}

function speeds(samples: readonly Sample[]): number[] {
  return samples.map(({ unitsPerSecond }) => unitsPerSecond);
}

function range(values: readonly number[]): string {
  return `${figure(Math.min(...values))} – ${figure(Math.max(...values))}`;
}
