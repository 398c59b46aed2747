/** The tables of `npm run bench:distributed`. */
import type { BytesReport } from '../contestants/redis-bytes.ts';
import type { ClaimsReport } from '../contestants/redis-claims.ts';
import { median, medianRatio } from '../medians.ts';
import type { Player, Sample, Samples } from '../rounds.ts';
import { figure, mebibytes, table } from '../table.ts';
import { quantile } from './instants.ts';

/** Chains and crawls: one row a contestant; the CPU time of its servers stands apart. */
export function throughputTable(
  players: readonly Player[],
  samples: Samples,
  { unit, beside }: { readonly unit: 'steps' | 'pages'; readonly beside: Player },
): string {
  const other = samples.get(beside.id) ?? [];
  const rows = players.flatMap(({ id, name }) => {
    const taken = samples.get(id) ?? [];
    if (taken.length === 0) return [];
    return [
      [
        name,
        figure(median(speeds(taken))),
        `${figure(Math.min(...speeds(taken)))} – ${figure(Math.max(...speeds(taken)))}`,
        figure(median(taken.map(({ cpuSeconds }) => cpuSeconds)), 2),
        ...['redis', 'nats', 'postgres'].map((server) => serverCpu(taken, server)),
        figure(median(perCpuSecond(taken))),
        mebibytes(median(taken.map(({ peakRssBytes }) => peakRssBytes))),
        figure(medianRatio(speeds(taken), speeds(other)), 2),
        figure(medianRatio(perCpuSecond(taken), perCpuSecond(other)), 2),
      ],
    ];
  });
  const header = `contestant|${unit}/s|slowest – fastest|CPU s|Redis|NATS|PostgreSQL|${unit}/CPU s|peak RSS MiB|× ${beside.name}|× per CPU s`;
  return table(header.split('|'), rows);
}

function serverCpu(samples: readonly Sample[], server: string): string {
  return figure(median(samples.map(({ serversCpu }) => serversCpu?.[server] ?? Number.NaN)), 2);
}

export function speeds(samples: readonly Sample[]): number[] {
  return samples.map(({ unitsPerSecond }) => unitsPerSecond);
}

/** Of the CPU time of the processes that do the work; their servers' is listed apart. */
export function perCpuSecond(samples: readonly Sample[]): number[] {
  return samples.map(({ units, cpuSeconds }) => units / cpuSeconds);
}

export function claimsTable(reports: readonly ClaimsReport[]): string {
  const pick = (call: keyof ClaimsReport): number[] => reports.map((report) => report[call]);
  const bare = pick('bare');
  const row = (what: string, of: readonly number[]): string[] => [
    what,
    figure(median(of)),
    `${figure(Math.min(...of))} – ${figure(Math.max(...of))}`,
    figure(medianRatio(of, bare), 2),
  ];
  const rows = [
    row('a script that does nothing', bare),
    row('claims', claimsOf(reports)),
    row('commits with one child, handed over', pick('handOvers')),
    row('commits without children', pick('ends')),
  ];
  return table(['call', 'per s', 'slowest – fastest', '× bare'], rows);
}

export function claimsOf(reports: readonly ClaimsReport[]): number[] {
  return reports.map(({ claims }) => claims);
}

/** Milliseconds by contestant, those of all rounds together. */
export function latencyTable(players: readonly Player[], latencies: ReadonlyMap<string, readonly number[]>): string {
  const rows = players.flatMap(({ id, name }) => {
    const ms = latencies.get(id);
    if (ms === undefined) return [];
    return [[name, ...[0.5, 0.9, 0.99, 1].map((share) => figure(quantile(ms, share), 1))]];
  });
  return table(['contestant', 'p50 ms', 'p90 ms', 'p99 ms', 'slowest ms'], rows);
}

export function bytesTable({ body, pending, finished }: BytesReport, nodes: number): string {
  const rows = [
    ['pending', figure(pending), figure(body), figure(pending - body)],
    ['finished', figure(finished), '–', figure(finished)],
  ];
  return `${table(['node', 'bytes', 'of them body', 'beside the body'], rows)}\n\nOf ${figure(nodes)} requests of the shop.`;
}
