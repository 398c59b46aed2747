import { describe, expect, it } from 'vitest';
import { linePrefix, readServiceLine } from './log-lines.ts';

describe('one log of several processes', () => {
  it('has the name in front of each line', () => {
    const prefix = linePrefix(false);
    expect(prefix('parser', 'one\ntwo\n')).toBe('parser             | one\nparser             | two\n');
    expect(linePrefix(true)('a', 'x')).toBe(`\u001b[36m${'a'.padEnd(18)} | \u001b[39mx\n`);
  });

  it('gives each name a colour of its own', () => {
    const prefix = linePrefix(true);
    const [first, second, again] = [prefix('a', 'x'), prefix('b', 'x'), prefix('a', 'x')];
    expect(first).toBe(again);
    expect(first.slice(0, 5)).not.toBe(second.slice(0, 5));
  });
});

describe('a line of a service', () => {
  const line = (fields: object): string =>
    JSON.stringify({ level: 'info', time: '2026-01-01T10:11:12.000Z', service: 'parser', msg: 'ready', ...fields });

  it('is shown in short, and may say that it takes work', () => {
    expect(readServiceLine(line({ port: 7 }), false)).toEqual({
      text: '10:11:12 INFO  ready  port=7\n',
      isReady: true,
    });
    expect(readServiceLine(line({ msg: 'not ready' }), false).isReady).toBe(false);
  });

  it('that is no log is shown as it is, without what would move the cursor', () => {
    expect(readServiceLine('at foo (bar.js)\u001b[2J', false)).toEqual({
      text: 'at foo (bar.js)\ufffd[2J',
      isReady: false,
    });
    for (const odd of ['"ready"', 'null', '{"msg":"ready"}', '[1']) {
      expect(readServiceLine(odd, false)).toEqual({ text: odd, isReady: false });
    }
  });
});
