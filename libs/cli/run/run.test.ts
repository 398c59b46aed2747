import { describe, expect, it } from 'vitest';
import { commandText } from '../../errors/command-text.ts';
import type { RunRecord } from '../../store/port.ts';
import type { FailedNode } from '../read/failed-nodes.ts';
import { keptLimits, sameCommand } from './messages.ts';
import { listenForStop } from './stop-request.ts';
import { type Summary, summaryText } from './summary.ts';

describe('the end of a run', () => {
  const plain = (_colour: string, text: string): string => text;
  const marked = (colour: string, text: string): string => `<${colour}>${text}</>`;
  const session = { ...summary.session!, pages: 2 };
  const nothing: Summary = {
    ...summary,
    end: { ...summary.end, dead: 0, items: 0 },
    itemsByType: new Map([['product', 0]]),
    failed: [],
    session: {
      ...session,
      steps: [
        { step: 'list', pages: 2, empty: 2 },
        { step: 'detail', pages: 10, empty: 1 },
      ],
    },
  };

  it('without any item stands out, with the step that yielded nothing', () => {
    const text = summaryText(nothing, marked);
    expect(text).toContain('<yellow>completed, without any item</>');
    expect(text).toContain('<yellow>0 items from 2 pages</>');
    expect(text).toContain('<yellow>step list yielded nothing for 2 of 2 (100 %)</>');
    expect(text).toMatch(/ {2}step detail yielded nothing for 1 of 10 \(10 %\)\n/);
  });

  it('of a module without items is as it was', () => {
    expect(summaryText({ ...nothing, itemsByType: new Map() }, plain)).not.toContain('without any item');
  });

  it('that is only reported says nothing about pages', () => {
    expect(summaryText({ ...nothing, session: undefined }, plain)).toMatch(/items +0 items\n/);
  });

  it('names each expectation that is not met', () => {
    const judgement = { unmet: ['expected at least 5 items'], unknown: ['not judged'] };
    expect(summaryText({ ...nothing, judgement }, marked)).toMatch(
      /<red>expected at least 5 items<\/>\n {2}<yellow>not judged<\/>\n$/,
    );
  });
});

describe('commands to copy', () => {
  it('are quoted for a shell, and do not begin anew', () => {
    expect(sameCommand('catena', ['run', 'a b.ts', '--fresh', '--input', "q=it's $5"])).toBe(
      `catena run 'a b.ts' --input 'q=it'\\''s $5'`,
    );
    expect(commandText('catena', ['show', ''])).toBe(`catena show ''`);
  });
});

describe('a resumed run', () => {
  it('says which limits it was given in vain', () => {
    const options = { account: 'a', platform: 'p', deadline: '1m', maxDepth: '3' };
    expect(keptLimits(options)).toEqual([
      'it keeps the deadline that it was started with, if any',
      'it keeps the cap on depth that it was started with, if any',
    ]);
    expect(keptLimits({ account: 'a', platform: 'p' })).toEqual([]);
  });
});

describe('a wish to stop', () => {
  it('is asked for once, and ends the process the second time', async () => {
    let send = (): void => {};
    const exits: number[] = [];
    const stop = listenForStop({
      onSignal: (listener) => {
        send = listener;
        return () => {};
      },
      exitNow: (code) => exits.push(code),
      reader: { onGone: () => () => {} },
    });
    send();
    await stop.asked;
    expect(exits).toEqual([]);
    send();
    expect(exits).toEqual([130]);
  });
});

const run = { runId: 'r-1', acceptedAtMs: 1_000 } as RunRecord;
const node: FailedNode = {
  moduleId: 'shop@1.0.0',
  step: 'detail',
  kind: 'request',
  reason: 'failed',
  code: 'download.status',
  message: 'http://a.test/1 answered 404',
  attempts: 1,
  crashes: 0,
  at: undefined,
  url: 'http://a.test/1',
  state: {},
  nodeId: 'n',
};
const summary: Summary = {
  run,
  end: { finishReason: 'completed', detail: '', endedAtMs: 15_000, done: 4_200, dead: 3, items: 2_000 },
  itemsByType: new Map([['product', 2_000]]),
  failed: [node, { ...node, step: 'list', message: 'other\nlines', at: '/shop.ts:12:7' }, node],
  session: {
    durationMs: 14_000,
    pages: 2_100,
    retries: 12,
    slowest: [{ host: 'a.test', requests: 5, failed: 1, meanMs: 40, longestMs: 3_000 }],
    steps: [],
  },
  judgement: { unmet: [], unknown: [] },
  output: 'out.jsonl (2,000 rows)',
  showCommand: 'catena show r-1',
};

describe('the table at the end', () => {
  const text = (more: Partial<Summary> = {}): string => summaryText({ ...summary, ...more }, (_colour, said) => said);

  it('says what the run came to', () => {
    expect(text()).toBe(
      [
        '  finished       completed',
        '  run            r-1',
        '  nodes          4,200 done, 3 failed',
        '  items          2,000 product',
        '  pages          2,100, 150 per second',
        '  retries        12',
        '  took           14.0 s',
        '  slowest hosts  a.test: 40 ms on average, 3.0 s at most, 5 requests, 1 without a response',
        '  items in       out.jsonl (2,000 rows)',
        '',
        '  2 × detail  download.status: http://a.test/1 answered 404',
        '      for example http://a.test/1',
        '  1 × list  download.status: other lines',
        '      at /shop.ts:12:7, for example http://a.test/1',
        '  to list all: catena show r-1',
        '',
      ].join('\n'),
    );
  });

  it('tells the time of this process from that of a resumed run, and types of items apart', () => {
    const resumed = text({
      end: { ...summary.end, endedAtMs: 61_000 },
      itemsByType: new Map([
        ['product', 1_500],
        ['shop', 500],
      ]),
    });
    expect(resumed).toContain('14.0 s here, 1m 00s since it was started');
    expect(resumed).toContain('2,000 (1,500 product, 500 shop)');
  });

  it('says which cap the run has reached, and how much of it was used', () => {
    const capped = {
      ...summary.end,
      finishReason: 'capped',
      detail: '50 of 50 pages; 7 hops and requests were left out',
    } as const;
    expect(text({ end: capped })).toContain(
      'finished       capped: 50 of 50 pages; 7 hops and requests were left out\n',
    );
    expect(summaryText({ ...summary, end: { ...capped, dead: 0 } }, (colour, said) => `<${colour}>${said}`)).toContain(
      '<green>capped',
    );
  });

  it('is about the past where nothing was done', () => {
    const past = text({ session: undefined, failed: [] });
    expect(past).toContain('took      14.0 s');
    expect(past).not.toContain('retries');
  });
});
