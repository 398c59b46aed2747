import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../libs/store/port.ts';
import { AUTHOR_FAULTS, type AuthorFault, type Budgets, ONE_ALLOCATION } from './faults.ts';
import type { Observed } from './freeze.ts';
import type { Latency } from './probe.ts';
import { reportOf } from './report.ts';
import type { Left } from './target.ts';

const BUDGETS: Budgets = { callTimeoutMs: 6_000, blockTimeoutMs: 2_000, memoryMb: 200 };

const latency = (p99Ms: number): Latency => ({
  ...{ answers: 100, refused: [], p50Ms: 1, p99Ms, maxMs: p99Ms, slowest: 'a parser' },
});
const latencies = (answerMs: number, machineMs: number) => ({
  ...{ health: latency(answerMs), status: latency(answerMs), machine: latency(machineMs) },
});
const left = (changes: Partial<Left> = {}): Left => ({
  ...{ items: [], deadLetters: [], done: 1, dead: 0, diedMs: new Map(), ...changes },
});

function letter({ path, codes }: AuthorFault, changes: Partial<DeadLetter> = {}, ageMs = 100): DeadLetter {
  const error = JSON.stringify({ code: codes[0], data: { ageMs } });
  return {
    nodeId: path,
    body: JSON.stringify({ url: `http://site${path}` }),
    error,
    crashes: 0,
    ...changes,
  } as DeadLetter;
}

/** What is observed when all is well; there is one shape, which is read by all but as JSON. */
function observed(changes: Partial<Observed> = {}): Observed {
  const reads = ['$', 'extract', 'links'].map((reader) => ({ type: 'read', data: { shape: 'flat', reader, ms: 5 } }));
  const notJson = { ...AUTHOR_FAULTS[0]!, path: '/hostile/flat?by=json', codes: ['parse.not_json'] };
  return {
    ...{ target: 'a target', shapes: [{ name: 'flat', readBy: ['$', 'extract', 'links'] }], tookMs: 1 },
    hostile: left({ items: reads, deadLetters: [letter(notJson)] }),
    guilty: left({ deadLetters: AUTHOR_FAULTS.map((fault) => letter(fault)) }),
    allocation: left({ deadLetters: [letter(ONE_ALLOCATION)] }),
    loop: { code: 'module.load_timeout', ms: 5_000 },
    ...{ calm: latencies(1, 1), latency: latencies(20, 2), leasesLost: 0, ends: [], endsByAllocation: [] },
    innocent: [{ pages: new Set(['0/0']), left: left({ items: [{ type: 'seen', data: { chain: 0, n: 0 } }] }) }],
    firstAskedMs: new Map(),
    ...changes,
  };
}

const violations = (changes: Partial<Observed>, machineShare?: number) =>
  reportOf(observed(changes), BUDGETS, machineShare).violations.join('; ');
const seen = (...numbers: readonly number[]) =>
  left({ items: numbers.map((n) => ({ type: 'seen', data: { chain: 0, n } })) });

describe('the report of a freeze test', () => {
  it('has a row for each shape and fault, and nothing against a run that went well', () => {
    const { text, violations: none } = reportOf(observed(), BUDGETS);
    expect(none).toEqual([]);
    for (const what of ['flat', 'a loop without an end', 'one allocation of 800 MB', 'leases lost']) {
      expect(text).toContain(`| ${what}`);
    }
  });

  it.each<[string, Partial<Observed>, string]>([
    ['a slow answer', { latency: latencies(101, 2) }, 'p99 of health'],
    ['a lost lease', { leasesLost: 1 }, 'leases lost: 1'],
    ['a restart', { ends: ['parser ended'] }, 'restarts: 1'],
    ['a fourth restart by the allocation', { endsByAllocation: ['a', 'b', 'c', 'd'] }, 'by one allocation: 4'],
    ['a lost innocent page', { innocent: [{ pages: new Set(['0/0', '0/1']), left: seen(0) }] }, '1 missing'],
    ['a doubled innocent page', { innocent: [{ pages: new Set(['0/0']), left: seen(0, 0) }] }, '1 too many'],
    ['a shape that nobody could read', { hostile: left() }, 'flat: read by ;'],
    ['a fault whose node lives', { guilty: left() }, 'a loop without an end: its node is not dead'],
    ['a module that loads', { loop: { code: 'it started', ms: 1 } }, 'ended by it started'],
  ])('names %s', (_, changes, text) => {
    expect(violations(changes)).toContain(text);
  });

  it('names a node that is dead by another name, beyond its budget, or after a lost lease', () => {
    const withFirst = (first: DeadLetter) =>
      violations({ guilty: left({ deadLetters: [first, ...AUTHOR_FAULTS.slice(1).map((fault) => letter(fault))] }) });
    const [loop] = AUTHOR_FAULTS;
    expect(withFirst(letter({ ...loop!, codes: ['parse.threw'] }))).toContain('ended by parse.threw');
    expect(withFirst(letter(loop!, {}, 9_000))).toContain('beyond its budget');
    expect(withFirst(letter(loop!, { crashes: 1 }))).toContain('lost a lease');
  });

  it('grants the share of the machine only where that is asked for', () => {
    expect(violations({ latency: latencies(900, 100) })).toContain('p99 of health');
    expect(violations({ latency: latencies(900, 100) }, 10)).toBe('');
    expect(violations({ latency: latencies(1_100, 100) }, 10)).toContain('p99 of health');
    const slow = { calm: latencies(600, 5), latency: latencies(1_100, 5) };
    expect(violations(slow)).toContain('p99 of health');
    expect(violations(slow, 10)).toBe('');
    expect(violations({ ...slow, latency: latencies(1_300, 5) }, 10)).toContain('p99 of health');
  });
});
