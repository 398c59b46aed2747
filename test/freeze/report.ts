/** What a freeze test comes to: a row for each shape and fault, the figures below, and what must not be. */
import type { DeadLetter } from '../../libs/store/port.ts';
import { figure, table } from '../bench/table.ts';
import { AUTHOR_FAULTS, type AuthorFault, type Budgets, ONE_ALLOCATION } from './faults.ts';
import type { Observed } from './freeze.ts';
import type { Latency } from './probe.ts';
import { READERS, type Reader } from './shapes.ts';
import { LOAD_TIMEOUT_MS } from './target.ts';

export interface FreezeReport {
  readonly text: string;
  /** Why it failed; empty when it did not. */
  readonly violations: readonly string[];
}

interface Row {
  readonly what: string;
  readonly outcome: string;
  readonly code: string;
  /** The slowest reading, or the call that was ended; undefined if nobody measured it. */
  readonly callMs: number | undefined;
  /** From the first request for its page to its end, everything that it waited for included. */
  readonly endMs: number | undefined;
  readonly violation?: string | undefined;
}

const WANTED_P99_MS = 100;
const CALM_SHARE = 2;
const MOST_RESTARTS = 3;
/** A watch looks at calls every quarter of a second, on a machine that is busy. */
const LATE_MS = 1_500;

interface Reading {
  readonly shape: string;
  readonly reader: Reader;
  readonly ms: number;
}

/**
 * `machineShare`: on a machine that is slow, or that others use too, an answer may also take so many times what one of a bystander takes,
 * and twice what it took before the first fault; undefined: it may not.
 */
export function reportOf(observed: Observed, budgets: Budgets, machineShare?: number): FreezeReport {
  const { guilty, allocation, loop } = observed;
  const rows: Row[] = [
    ...shapeRows(observed),
    ...AUTHOR_FAULTS.map((fault) => faultRow(fault, guilty.deadLetters, observed, budgets)),
    {
      ...{ what: 'a module that loops on load', outcome: 'process refused', code: loop.code, callMs: undefined },
      endMs: loop.ms,
      violation:
        loop.code === 'module.load_timeout'
          ? undefined
          : `a module that loops on load within ${LOAD_TIMEOUT_MS} ms ended by ${loop.code}`,
    },
    faultRow(ONE_ALLOCATION, allocation.deadLetters, observed, budgets),
  ];
  const figures = figuresOf(observed, machineShare);
  const text = [
    `${observed.target}: ${figure(observed.tookMs / 1_000, 1)} s`,
    '',
    table(
      ['shape or fault', 'outcome', 'code', 'call ms', 'ended after ms'],
      rows.map(({ what, outcome, code, callMs, endMs }) => [what, outcome, code, ms(callMs), ms(endMs)]),
    ),
    '',
    table(
      ['', 'measured', 'goal'],
      figures.map(({ what, measured, goal }) => [what, measured, goal]),
    ),
    '',
  ].join('\n');
  const violations = [
    ...rows.flatMap(({ violation }) => (violation === undefined ? [] : [violation])),
    ...figures.flatMap(({ what, measured, goal, isMet }) => (isMet ? [] : [`${what}: ${measured}, goal ${goal}`])),
    ...tooManyIn(
      'hostile',
      observed.hostile.deadLetters.length,
      observed.shapes.reduce((sum, { readBy }) => sum + READERS.length - readBy.length, 0),
    ),
    ...tooManyIn('guilty', observed.guilty.deadLetters.length, AUTHOR_FAULTS.length),
    ...[observed.hostile, observed.guilty].flatMap(({ deadLetters }) =>
      deadLetters.filter(({ crashes }) => crashes > 0).map(({ body }) => `${body} lost a lease`),
    ),
  ];
  return { text, violations };
}

function tooManyIn(run: string, dead: number, wanted: number): string[] {
  return dead === wanted ? [] : [`${dead} nodes of the ${run} run are dead, not ${wanted}`];
}

/** Each shape is read by whom it can be read by, and the others say why it cannot. */
function shapeRows({ shapes, hostile, firstAskedMs }: Observed): Row[] {
  const readings = hostile.items.map(({ data }) => data as Reading);
  return shapes.map(({ name, readBy }): Row => {
    const path = `/hostile/${encodeURIComponent(name)}`;
    const read = readings.filter(({ shape }) => shape === name);
    const readers = READERS.filter((each) => read.some(({ reader }) => reader === each));
    const letters = hostile.deadLetters.filter(({ body }) => body.includes(`${path}?`));
    const codes = letters.map(codeOf).sort();
    const diedMs = Math.max(...letters.map(({ nodeId }) => hostile.diedMs.get(nodeId) ?? Number.NaN));
    const wanted = READERS.filter((each) => !readBy.includes(each)).map(
      (each) => `parse.not_${each === 'json' ? 'json' : 'markup'}`,
    );
    const isRight =
      readers.join() === readBy.join() && read.length === readBy.length && codes.join() === wanted.sort().join();
    return {
      what: name,
      outcome: readers.length === 0 ? 'read by none' : `read by ${readers.join(', ')}`,
      code: [...new Set(codes)].join(', '),
      callMs: read.length === 0 ? undefined : Math.max(...read.map(({ ms }) => ms)),
      endMs: letters.length === 0 ? undefined : diedMs - (firstAskedMs.get(path) ?? Number.NaN),
      violation: isRight ? undefined : `${name}: read by ${readers.join(', ')}; failed by ${codes.join(', ')}`,
    };
  });
}

function faultRow(
  fault: AuthorFault,
  deadLetters: readonly DeadLetter[],
  { guilty, allocation, firstAskedMs }: Observed,
  budgets: Budgets,
): Row {
  const letter = deadLetters.find(({ body }) => urlIn(body).endsWith(fault.path));
  const { name, path, budget } = fault;
  if (letter === undefined) {
    const what = { what: name, outcome: 'not dead', code: '', callMs: undefined, endMs: undefined };
    return { ...what, violation: `${name}: its node is not dead` };
  }
  const code = codeOf(letter);
  const { ageMs } = (JSON.parse(letter.error) as { data: { ageMs?: number } }).data;
  const diedMs = guilty.diedMs.get(letter.nodeId) ?? allocation.diedMs.get(letter.nodeId);
  const askedMs = firstAskedMs.get(path);
  const mostMs = budget === undefined ? undefined : budgets[budget] + LATE_MS;
  const wrong = !fault.codes.includes(code)
    ? `ended by ${code}, not by ${fault.codes.join(' or ')}: ${letter.error.slice(0, 300)}`
    : mostMs !== undefined && ageMs !== undefined && ageMs > mostMs
      ? `was ended after ${ageMs} ms, beyond its budget`
      : undefined;
  return {
    ...{ what: name, outcome: 'dead', code, callMs: ageMs },
    endMs: diedMs === undefined || askedMs === undefined ? undefined : diedMs - askedMs,
    violation: wrong === undefined ? undefined : `${name}: ${wrong}`,
  };
}

interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  readonly isMet: boolean;
}

function figuresOf(
  { latency, calm, leasesLost, innocent, ends, endsByAllocation }: Observed,
  machineShare: number | undefined,
): Figure[] {
  const { pages, missing, extra, dead } = innocentTotals(innocent);
  return [
    ...(['health', 'status'] as const).map((what): Figure => {
      const { p99Ms, answers, refused } = latency[what];
      const ofMachine =
        machineShare === undefined ? [] : [latency.machine.p99Ms * machineShare, calm[what].p99Ms * CALM_SHARE];
      const mostMs = Math.max(WANTED_P99_MS, ...ofMachine);
      const goal =
        machineShare === undefined
          ? ''
          : `, or ${machineShare} × that of a bystander, or ${CALM_SHARE} × that in the calm`;
      return {
        what: `p99 of ${what}`,
        measured: timesOf(latency[what], calm[what]),
        goal: `< ${WANTED_P99_MS} ms${goal}, none refused`,
        isMet: p99Ms < mostMs && refused.length === 0 && answers > 0,
      };
    }),
    {
      what: 'p99 of a bystander',
      measured: timesOf(latency.machine, calm.machine),
      goal: 'for comparison',
      isMet: true,
    },
    { what: 'leases lost', measured: String(leasesLost), goal: '0', isMet: leasesLost === 0 },
    {
      what: 'innocent pages',
      measured: `${figure(pages)}, ${missing} missing, ${extra} too many, ${dead} dead`,
      goal: 'each committed once',
      isMet: pages > 0 && missing + extra + dead === 0,
    },
    { what: 'restarts', measured: [String(ends.length), ...ends].join('; '), goal: '0', isMet: ends.length === 0 },
    {
      what: 'restarts by one allocation',
      measured: [String(endsByAllocation.length), ...endsByAllocation].join('; '),
      goal: `≤ ${MOST_RESTARTS}`,
      isMet: endsByAllocation.length <= MOST_RESTARTS,
    },
  ];
}

function timesOf({ p50Ms, p99Ms, maxMs, answers, refused, slowest }: Latency, calm: Latency): string {
  const parts = [
    `${figure(p99Ms, 1)} ms (calm ${figure(calm.p99Ms, 1)}, p50 ${figure(p50Ms, 1)}, longest ${figure(maxMs)} of ${slowest})`,
    `${figure(answers)} answers`,
    ...(refused.length === 0 ? [] : [`${refused.length} refused, such as ${refused[0]}`]),
  ];
  return parts.join(', ');
}

function innocentTotals(innocent: Observed['innocent']) {
  const total = { pages: 0, missing: 0, extra: 0, dead: 0 };
  for (const { pages, left } of innocent) {
    const seen = left.items.map(({ data }) => {
      const { chain, n } = data as { readonly chain: number; readonly n: number };
      return `${chain}/${n}`;
    });
    const distinct = new Set(seen);
    total.pages += pages.size;
    total.missing += [...pages].filter((page) => !distinct.has(page)).length;
    total.extra += seen.length - distinct.size + [...distinct].filter((page) => !pages.has(page)).length;
    total.dead += left.dead;
  }
  return total;
}

function codeOf({ error, reason }: DeadLetter): string {
  return error === '' ? reason : (JSON.parse(error) as { readonly code: string }).code;
}

function urlIn(body: string): string {
  return (JSON.parse(body) as { readonly url?: string }).url ?? body;
}

function ms(value: number | undefined): string {
  return figure(value ?? Number.NaN);
}
