/** What processes count, read where they show it. A process that was killed counts up to its last reading. */
import { METRICS, type MetricDefinition } from '../../libs/telemetry/metric-names.ts';

/** Values by series: `name{label="value",…}`. */
export type Samples = ReadonlyMap<string, number>;

export function parseSamples(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const at = line.lastIndexOf(' ');
    if (at > 0 && !line.startsWith('#')) samples.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return samples;
}

/** The sum of a counter's series that have these labels. */
export function total(
  samples: Samples,
  { name }: MetricDefinition,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let sum = 0;
  for (const [series, value] of samples) {
    const [seriesName, rest = ''] = series.split('{');
    if (seriesName === name && wanted.every((pair) => rest.includes(pair))) sum += value;
  }
  return sum;
}

/** Something whose metrics can be read. */
export interface Counted {
  /** Without the path. */
  readonly metricsUrl: string;
}

const READ_TIMEOUT_MS = 1_000;

/** Reads every process there ever was, again and again, and keeps the last reading of each. */
export class Sampler {
  readonly #live: () => readonly Counted[];
  readonly #last = new Map<string, Samples>();

  /** `live` tells which processes can be read now; each start of a process has a URL of its own. */
  constructor(live: () => readonly Counted[]) {
    this.#live = live;
  }

  /** A process that does not answer, because it is stopped or gone, keeps its last reading. */
  async read(): Promise<void> {
    await Promise.all(
      this.#live().map(async ({ metricsUrl }) => {
        const text = await textOf(`${metricsUrl}/metrics`);
        if (text !== undefined) this.#last.set(metricsUrl, parseSamples(text));
      }),
    );
  }

  /** Over all processes that were ever read. */
  total(metric: MetricDefinition, labels?: Readonly<Record<string, string>>): number {
    let sum = 0;
    for (const samples of this.#last.values()) sum += total(samples, metric, labels);
    return sum;
  }

  answers(script: string, code: string): number {
    return this.total(METRICS.scriptCode, { script, code });
  }
}

async function textOf(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(READ_TIMEOUT_MS) });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}
