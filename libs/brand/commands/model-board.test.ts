import { describe, expect, it } from 'vitest';
import { captured } from '../../cli/cli.fixture.ts';
import type { RunLooker } from '../../cli/run/work.ts';
import type { Progress } from '../../cli/status/progress.ts';
import { boardEvents, boardLog, boardReporter } from './board-reporter.ts';
import { boardLines, countText, ModelBoard, type ModelCount } from './model-board.ts';

const plain = (_colour: string, text: string): string => text;
const count = (more: Partial<ModelCount> = {}): ModelCount => ({
  ...{ model: 'qwen', planned: 6, whole: 2, partial: 1, failed: 0, underWay: 2 },
  ...more,
});

/** A run that leaves rows one by one, and remembers behind which it was asked for more. */
function runOf(rows: readonly { readonly model: string; readonly status: string }[]) {
  const asked: number[] = [];
  const looker: RunLooker = {
    runId: 'r',
    items: async (type, afterSeq) => {
      asked.push(afterSeq);
      return rows
        .map((row, index) => ({ seq: index + 1, moduleId: 'm', type, data: JSON.stringify(row), revision: 1 }))
        .filter(({ seq }) => seq > afterSeq);
    },
    underWay: (key) => (key === 'model:qwen' ? 1 : 0),
  };
  return { looker, asked };
}

describe('the board of models', () => {
  it('counts each row once, however often it looks', async () => {
    const board = new ModelBoard(
      new Map([
        ['qwen', 3],
        ['zhipu', 3],
      ]),
    );
    const { looker, asked } = runOf([
      { model: 'qwen', status: 'whole' },
      { model: 'qwen', status: 'failed' },
      { model: 'zhipu', status: 'partial' },
    ]);
    await board.look(looker);
    await board.look(looker);
    expect(asked).toEqual([0, 3]);
    expect(board.counts()).toEqual([
      { model: 'qwen', planned: 3, whole: 1, partial: 0, failed: 1, underWay: 1 },
      { model: 'zhipu', planned: 3, whole: 0, partial: 1, failed: 0, underWay: 0 },
    ]);
  });

  it('says nothing of what is under way where others execute', () => {
    expect(countText(count({ underWay: undefined }))).toBe('3 of 6: 2 whole, 1 cut off, 0 failed');
  });

  it('is full only when every call has ended, and never breaks its lines', () => {
    const [line = ''] = boardLines([count({ whole: 599, planned: 600, partial: 0 })], plain, 80);
    expect(line).toContain('░');
    const hostile = count({ model: 'a\u001b[2K\nb'.padEnd(90, 'x') });
    for (const width of [1, 10, 40, 80]) {
      for (const shown of boardLines([hostile], plain, width)) {
        expect(shown.length).toBeLessThanOrEqual(Math.max(1, width - 1));
        expect(shown).not.toMatch(/\p{Cc}/u);
      }
    }
  });
});

/** What a terminal shows after so much was written: enough of one for what reporters use. */
function screenOf(text: string): string[] {
  const lines = [''];
  let row = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what reporters move the cursor with.
  for (const [token] of text.matchAll(/\u001b\[(\d+)A|\u001b\[0J|\r|\n|[^\u001b\r\n]+/g)) {
    if (token === '\n') row += 1;
    else if (token.endsWith('A')) row -= Number(/\d+/.exec(token)?.[0]);
    else if (token.endsWith('J')) lines.splice(row);
    else if (token !== '\r') lines[row] = (lines[row] ?? '') + token;
    lines[row] ??= '';
  }
  return lines.filter((line) => line !== '');
}

const PROGRESS = { atMs: 0, done: 1, failed: 0, open: 1, items: 1, pages: 1 } as Progress;

describe('a diagnosis is shown', () => {
  it('in place on a terminal, with room for messages, and nothing stays of it', () => {
    const { stream, text } = captured();
    const reporter = boardReporter(stream, plain, () => [count(), count({ model: 'zhipu' })]);
    reporter.show(PROGRESS);
    reporter.show(PROGRESS);
    expect(screenOf(text())).toHaveLength(2);
    reporter.say('resuming');
    expect(screenOf(text())[0]).toBe('resuming');
    expect(screenOf(text())).toHaveLength(3);
    reporter.end();
    reporter.end();
    expect(screenOf(text())).toEqual(['resuming']);
  });

  it('elsewhere as a line per model that has come further', () => {
    const { stream, text } = captured();
    let whole = 0;
    const reporter = boardLog(stream, () => [count({ whole }), count({ model: 'zhipu', whole: 5 })]);
    reporter.show(PROGRESS);
    whole = 1;
    reporter.show(PROGRESS);
    expect(text().trimEnd().split('\n')).toEqual([
      expect.stringContaining('qwen: 1 of 6'),
      expect.stringContaining('zhipu: 6 of 6'),
      expect.stringContaining('qwen: 2 of 6'),
    ]);
  });

  it('to machines as events', () => {
    const { stream, text } = captured();
    boardEvents(stream, () => [count({ underWay: undefined })]).show(PROGRESS);
    const events = text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(events).toEqual([
      expect.objectContaining({ event: 'progress' }),
      { event: 'models', models: [{ model: 'qwen', planned: 6, whole: 2, partial: 1, failed: 0, under_way: null }] },
    ]);
  });
});
