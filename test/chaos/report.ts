/** What a chaos run comes to: the figures, what must not be, and what must have been. */
import type { Observed } from './chaos.ts';
import { FAULTS } from './faults/index.ts';
import type { PlannedFault } from './plan.ts';
import { quantile } from './recovery.ts';
import { pagesOf, worldOf } from './world.ts';

const LOGGED = 10;

export interface ChaosReport {
  readonly seed: number;
  readonly layout: string;
  readonly appendfsync: string;
  readonly runs: number;
  readonly nodes: number;
  readonly verdict: Readonly<Record<string, number>>;
  /** How often each fault was seen to have had an effect. */
  readonly seen: Readonly<Record<string, number>>;
  readonly figures: Readonly<Record<string, number>>;
  /** The median, the 99th percentile (nearest rank) and the longest recovery by kind of fault, in milliseconds. */
  readonly recovery: Readonly<
    Record<string, { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }>
  >;
  /** Why the run failed; empty when it did not. */
  readonly violations: readonly string[];
  readonly details: readonly string[];
  /** The errors that processes logged most often. */
  readonly logged: readonly (readonly [text: string, times: number])[];
  readonly schedule: readonly { readonly atMs: number; readonly fault: PlannedFault; readonly what: string }[];
}

export function reportOf(seed: number, observed: Observed): ChaosReport {
  const { plan, verdict, struck, runs, nodes, unrecovered, unexpectedEnds } = observed;
  const { details, ...judged } = verdict;
  const seen = seenIn(observed);
  const violations = [
    ...Object.entries(judged).flatMap(([what, count]) => (count > 0 ? [`${what}: ${count}`] : [])),
    ...Object.entries(seen).flatMap(([what, count]) => (count > 0 ? [] : [`not seen: ${what}`])),
    ...unrecovered.map((fault) => `nothing was committed after: ${fault}`),
    ...unexpectedEnds,
  ];
  return {
    ...{ seed, runs, nodes, seen, violations, details },
    layout: plan.layout,
    appendfsync: plan.appendfsync,
    verdict: judged,
    figures: figuresOf(seed, observed),
    recovery: recoveryOf(observed),
    logged: observed.logged.slice(0, LOGGED),
    schedule: struck.map(({ atMs, fault, what }) => ({ atMs, fault, what })),
  };
}

/** A fault of which nothing was seen proves nothing. */
function seenIn({ plan, struck, sampler, messages }: Observed): Record<string, number> {
  const ofKind = (kind: string) => struck.filter(({ fault, isDone }) => isDone && fault.kind === kind);
  const planned = FAULTS.filter(({ isOfMachine = false }) => plan.hasMachine || !isOfMachine);
  const seen = planned.map((definition) =>
    definition.seen({ done: ofKind(definition.kind).map(({ fault }) => fault), messages, sampler }),
  );
  return Object.assign({}, ...seen, { 'processes with a wrong clock': plan.skewsMs.filter((ms) => ms !== 0).length });
}

function figuresOf(seed: number, { ledger, recovered, runs, nodes, tookMs, afterFaultsMs }: Observed) {
  const pages = Array.from({ length: runs }, (_, nth) => pagesOf(worldOf(seed, nth)).length);
  const times = recovered.map(({ tookMs: ms }) => ms);
  return {
    requests_answered: ledger.length,
    execution_amplification: round(ledger.length / pages.reduce((sum, count) => sum + count, 0)),
    recovery_p50_ms: quantile(times, 0.5),
    recovery_p99_ms: quantile(times, 0.99),
    settled_ms: Math.round(afterFaultsMs),
    took_ms: Math.round(tookMs),
    nodes_per_second: round(nodes / (tookMs / 1_000)),
  };
}

function recoveryOf({ recovered }: Observed): ChaosReport['recovery'] {
  return Object.fromEntries(
    [...Map.groupBy(recovered, ({ fault }) => fault)].map(([fault, all]) => {
      const times = all.map(({ tookMs }) => tookMs);
      return [fault, { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99), maxMs: Math.max(...times) }];
    }),
  );
}

/** What a recovery is measured from and to. */
const RECOVERY =
  'recovery: from a strike to the next commit of a kind that it holds up, as read every 250 ms; outages are part of it';

/** The report for a person. */
export function reportText(report: ChaosReport): string {
  const { seed, layout, appendfsync, runs, nodes, verdict, seen, figures, violations, details, logged, recovery } =
    report;
  const rows = (values: Readonly<Record<string, number>>) =>
    Object.entries(values).map(([what, value]) => `  ${what.replaceAll('_', ' ').padEnd(38)}${value}`);
  return [
    `seed ${seed}: ${runs} runs of together ${nodes} nodes, ${layout}, appendfsync ${appendfsync}`,
    ...['judged from outside', ...rows(verdict)],
    ...['faults that were seen', ...rows(seen)],
    ...['figures', ...rows(figures)],
    RECOVERY,
    ...Object.entries(recovery).map(
      ([fault, { p50Ms, p99Ms, maxMs }]) =>
        `  ${fault.padEnd(38)}p50 ${p50Ms} ms, p99 ${p99Ms} ms, longest ${maxMs} ms`,
    ),
    ...details.map((line) => `  ${line}`),
    ...(violations.length === 0 ? [] : logged.map(([line, times]) => `  logged ${times} times: ${line.slice(0, 300)}`)),
    ...violations.map((line) => `FAILED: ${line}`),
    violations.length === 0 ? 'passed' : `failed; replay with --seed ${seed}`,
    '',
  ].join('\n');
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
