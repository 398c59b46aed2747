import { describe, expect, it } from 'vitest';
import { EVENTS } from '../../libs/contracts/events.ts';
import { FinishReason, Run } from '../../libs/contracts/services.ts';
import type { DeadLetter } from '../../libs/store/port.ts';
import { compare, type JudgeDeps, judge } from './judge.ts';
import type { LoadedRun } from './load.ts';
import type { Entry } from './site.ts';
import { deathsOf, type Item, itemsOf, nodesOf, pagesOf, worldOf } from './world.ts';

const world = worldOf(9, 1);
const codesOf = (of: typeof world) => deathsOf(of).map(([code]) => code!);
const end = (dead = 1) => ({
  ...{ reason: FinishReason.COMPLETED, detail: '', endedAtMs: 1, done: nodesOf(world) - dead, dead, items: 0 },
});
const entry = (path: string): Entry => ({ run: 0, path, answer: 'served', atMs: 0 });

interface Left {
  readonly items?: readonly Item[];
  readonly pages?: readonly string[];
  readonly closed?: Run | undefined;
  readonly closings?: number;
  readonly drift?: readonly string[];
  /** The codes of its dead letters. */
  readonly deaths?: readonly string[];
}

/** What the judge is shown; whatever is not given is as an undisturbed run leaves it. */
function left(given: Left): JudgeDeps {
  const { items = itemsOf(world), pages = pagesOf(world), closings = 2, drift = [], deaths = codesOf(world) } = given;
  const closed = 'closed' in given ? given.closed : Run.fromPartial({ end: end() });
  const run: LoadedRun = { nth: 0, world, runId: 'r', closed };
  const closing = { id: '', type: EVENTS.PhaseClosed.type, atMs: 0, data: {} };
  return {
    load: {
      runs: [run],
      ingress: {
        async *listItems() {
          yield { items: items.map(({ type, data }) => ({ type, data: Buffer.from(JSON.stringify(data)) })) };
        },
        explainRun: async () => ({ reasons: [{ text: 'nobody works' }] }),
      },
    } as unknown as JudgeDeps['load'],
    coordinator: { runAudit: async () => ({ drift }) } as unknown as JudgeDeps['coordinator'],
    store: {
      listDeadLetters: async () => deaths.map((code) => ({ error: JSON.stringify({ code }) }) as DeadLetter),
      listEvents: async () => Array.from({ length: closings }, () => closing),
    },
    ledger: pages.map(entry),
  };
}

const counts = async (given: Left) => {
  const { details, ...verdict } = await judge(left(given));
  return Object.fromEntries(Object.entries(verdict).filter(([, count]) => count > 0));
};

describe('the judge', () => {
  it('finds nothing in what an undisturbed run leaves', async () => {
    expect(await counts({})).toEqual({});
  });

  it('counts a lost, a doubled and an invented item', async () => {
    const items = itemsOf(world);
    expect(await counts({ items: items.slice(1) })).toEqual({ lost: 1 });
    expect(await counts({ items: [...items, items[3]!] })).toEqual({ duplicate: 1 });
    expect(await counts({ items: [...items, { type: 'leaf', data: { leaf: -1 } }] })).toEqual({ phantom: 1 });
  });

  it('counts a run that is not closed, and says why it is not', async () => {
    expect(await counts({ closed: undefined, pages: [] })).toEqual({ stuck: 1 });
    expect((await judge(left({ closed: undefined }))).details[0]).toContain('nobody works');
  });

  it('counts dead nodes, joins that began twice, and drift', async () => {
    expect(await counts({ closed: Run.fromPartial({ end: end(2) }) })).toEqual({ wrongEnds: 1 });
    expect(await counts({ closings: 3 })).toEqual({ wrongJoins: 1 });
    expect(await counts({ drift: ['open is 3, not 2', 'another'] })).toEqual({ drift: 2 });
  });

  it('counts runs in which another node is dead than the one that must be, or by another name', async () => {
    expect(await counts({ deaths: [] })).toEqual({ wrongDeaths: 1 });
    expect(await counts({ deaths: ['execution.ends_process'] })).toEqual({ wrongDeaths: 1 });
    expect(await counts({ deaths: [...codesOf(world), 'parse.threw'] })).toEqual({ wrongDeaths: 1 });
  });

  it('counts pages that were never served, and requests of pages that are none', async () => {
    expect(await counts({ pages: pagesOf(world).slice(1) })).toEqual({ lost: 1 });
    expect(await counts({ pages: [...pagesOf(world), 'detail/99999'] })).toEqual({ phantom: 1 });
  });
});

describe('multisets', () => {
  it('are compared whatever the order of items and of their fields', () => {
    const one: Item = { type: 'a', data: { x: 1, y: 2 } };
    const same: Item = { type: 'a', data: { y: 2, x: 1 } };
    const other: Item = { type: 'b', data: {} };
    expect(compare([one, other], [other, same])).toEqual({ lost: [], duplicate: [], phantom: [] });
    expect(compare([one, one], [one]).lost).toHaveLength(1);
  });
});
