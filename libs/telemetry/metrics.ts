/**
 * Metrics of one process, held in memory. The hot path only changes a number: look up a series once, with `with`, and keep its
 * handle.
 */
import { histogramSamples, metricHeader, sampleLine } from './exposition.ts';
import { METRICS, type MetricDefinition } from './metric-names.ts';

export interface Counter {
  /** Adds to the counter, by default one; never a negative amount. */
  add(count?: number): void;
  readonly value: number;
}

export interface Gauge {
  set(value: number): void;
  /** Adds to the gauge; the amount may be negative. */
  add(difference: number): void;
  readonly value: number;
}

export interface Histogram {
  observe(value: number): void;
  readonly count: number;
  readonly sum: number;
}

/** The labels of a series, each with its value. */
export type LabelValues<Label extends string> = Readonly<Record<Label, string>>;

/** A metric with one series per combination of labels; equal labels always return the same series. */
export interface Family<Label extends string, Series> {
  with(labels: LabelValues<Label>): Series;
}

/** Of counters and gauges. */
export interface SampledFamily<Label extends string, Series> extends Family<Label, Series> {
  /** A series that is read when it is scraped; replaces an earlier one with these labels. */
  sample(labels: LabelValues<Label>, read: () => number): void;
}

type Labels = Readonly<Record<string, string>>;

interface Entry<Series> {
  readonly labels: Labels;
  readonly series: Series;
}

class CounterSeries implements Counter {
  value = 0;

  add(count = 1): void {
    this.value += count;
  }
}

class GaugeSeries implements Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  add(difference: number): void {
    this.value += difference;
  }
}

class HistogramSeries implements Histogram {
  readonly bounds: readonly number[];
  /** Per bucket, not cumulated; the last one is unbounded. */
  readonly counts: number[];
  count = 0;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket += 1;
    this.counts[bucket]! += 1;
    this.count += 1;
    this.sum += value;
  }
}

/** A metric with its series: a number each, or the counts of a histogram per bucket, not cumulated. */
export interface CollectedMetric {
  readonly metric: MetricDefinition;
  readonly series: readonly {
    readonly labels: Labels;
    readonly value: number | { readonly counts: readonly number[]; readonly count: number; readonly sum: number };
  }[];
}

/** The registry of a process or, in tests, of a part of one. */
export class Metrics {
  readonly #families = new Map<string, Map<string, Entry<unknown>>>();

  counter<Label extends string>(metric: MetricDefinition<'counter', Label>): SampledFamily<Label, Counter> {
    return {
      with: (labels) => this.#find(metric, labels, () => new CounterSeries()),
      sample: (labels, read) => this.#put(metric, labels, sampled(read)),
    };
  }

  gauge<Label extends string>(metric: MetricDefinition<'gauge', Label>): SampledFamily<Label, Gauge> {
    return {
      with: (labels) => this.#find(metric, labels, () => new GaugeSeries()),
      sample: (labels, read) => this.#put(metric, labels, sampled(read)),
    };
  }

  histogram<Label extends string>(metric: MetricDefinition<'histogram', Label>): Family<Label, Histogram> {
    return { with: (labels) => this.#find(metric, labels, () => new HistogramSeries(metric.buckets)) };
  }

  /** The sum over a metric's series: of the values of a counter or gauge, or of the counts of a histogram. */
  total(metric: MetricDefinition): number {
    let sum = 0;
    for (const { series } of this.#entries(metric)) {
      sum += series instanceof HistogramSeries ? series.count : (series as Counter | Gauge).value;
    }
    return sum;
  }

  /** Every metric with its series as they are now, for a push. A metric without labels is included from the start, with 0. */
  collect(): CollectedMetric[] {
    return Object.values<MetricDefinition>(METRICS).map((metric) => {
      const entries = this.#entries(metric);
      const isBare = entries.length === 0 && metric.labels.length === 0 && metric.kind !== 'histogram';
      const series = entries.map(({ labels, series: each }) => ({
        labels,
        value: each instanceof HistogramSeries ? each : (each as Counter | Gauge).value,
      }));
      return { metric, series: isBare ? [{ labels: {}, value: 0 }] : series };
    });
  }

  /** Everything in Prometheus' text format, version 0.0.4. A metric without labels is included from the start, with 0. */
  expose(): string {
    return Object.values<MetricDefinition>(METRICS)
      .map((metric) => this.#exposeOne(metric))
      .join('');
  }

  #exposeOne(metric: MetricDefinition): string {
    const { name, kind, help, labels } = metric;
    const entries = this.#entries(metric);
    const isBare = entries.length === 0 && labels.length === 0 && kind !== 'histogram';
    const samples = isBare ? [sampleLine(name, {}, 0)] : entries.map((entry) => samplesOf(name, entry));
    return metricHeader(name, kind, help) + samples.join('');
  }

  #entries({ name }: MetricDefinition): readonly Entry<unknown>[] {
    return [...(this.#families.get(name)?.values() ?? [])];
  }

  #find<Series>(metric: MetricDefinition, labels: Labels, create: () => Series): Series {
    const found = this.#families.get(metric.name)?.get(seriesKey(metric, labels));
    if (found !== undefined) return found.series as Series;
    const series = create();
    this.#put(metric, labels, series);
    return series;
  }

  #put(metric: MetricDefinition, labels: Labels, series: unknown): void {
    const family = this.#families.get(metric.name) ?? new Map<string, Entry<unknown>>();
    family.set(seriesKey(metric, labels), { labels: { ...labels }, series });
    this.#families.set(metric.name, family);
  }
}

function samplesOf(name: string, { labels, series }: Entry<unknown>): string {
  if (series instanceof HistogramSeries) return histogramSamples(name, labels, series);
  return sampleLine(name, labels, (series as Counter | Gauge).value);
}

/** The labels' values in the order of the definition, so that the order in a call does not matter. */
function seriesKey({ labels: names }: MetricDefinition, labels: Labels): string {
  return JSON.stringify(names.map((name) => labels[name]));
}

function sampled(read: () => number): Pick<Gauge, 'value'> {
  return {
    get value() {
      return read();
    },
  };
}
