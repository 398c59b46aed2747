import { describe, expect, it } from 'vitest';
import { CatenaError } from '../errors/catena-error.ts';
import { createLog, type LogOptions, silentLog } from './log.ts';
import { prettyLine } from './pretty-log.ts';

function capture(options: Partial<LogOptions> = {}, isTTY = false) {
  const lines: string[] = [];
  const stream = { isTTY, write: (line: string) => lines.push(line) };
  const log = createLog({ level: 'debug', format: 'json', runtimeMode: 'single_node', stream, ...options });
  return { log, lines, fields: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('a log line', () => {
  it('is JSON with its level, time, message, mode and fields', () => {
    const { log, fields } = capture();
    log.info('claimed a node', { run_id: 'r', epoch: 2 });
    expect(fields()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        runtime_mode: 'single_node',
        run_id: 'r',
        epoch: 2,
        msg: 'claimed a node',
      },
    ]);
  });

  it('carries the fields of the logs that it descends from', () => {
    const { log, fields } = capture();
    log.child({ run_id: 'r' }).child({ module_id: 'm@1' }).warn('retrying', { step_idx: 1 });
    expect(fields()[0]).toMatchObject({
      level: 'warn',
      run_id: 'r',
      module_id: 'm@1',
      step_idx: 1,
      runtime_mode: 'single_node',
    });
  });

  it('is left out below the level', () => {
    const { log, lines } = capture({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines).toHaveLength(2);
  });

  it('counts lines with a code that repeat, and writes all milestones', () => {
    const { log, lines } = capture({ level: 'info' });
    for (let n = 0; n < 30; n += 1) log.info('a node is a dead letter', { code: 'download.dns', n });
    for (let n = 0; n < 30; n += 1) log.info('a run was opened', { n });
    log.info('a node is a dead letter', { code: 'parse.threw' });
    expect(lines).toHaveLength(20 + 30 + 1);
  });

  it('shows an error with code, class, remedy, data and causes, and the stack of an unplanned one', () => {
    const { log, fields } = capture();
    const cause = Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' });
    const error = new CatenaError('download.refused', 'no answer', {
      class: 'retryable',
      data: { host: 'h' },
      remedy: 'wait',
      cause,
    });
    log.error('download failed', { error });
    log.error('surprised', { error: new TypeError('x is not a function') });
    log.error('odd', { error: 'just text' });
    expect(fields().map(({ error: shown }) => shown)).toEqual([
      {
        code: 'download.refused',
        class: 'retryable',
        message: 'no answer',
        remedy: 'wait',
        data: { host: 'h' },
        causes: [{ code: 'EHOSTUNREACH', message: 'no route', stack: expect.any(String) }],
      },
      { code: 'TypeError', message: 'x is not a function', stack: expect.stringContaining('log.test.ts') },
      'just text',
    ]);
  });

  it('ends, also when causes go in a circle', () => {
    const { log, lines } = capture();
    const error = new Error('loop');
    error.cause = error;
    log.error('circular', { error });
    expect(lines).toHaveLength(1);
  });

  it('never holds a secret, wherever it was put', () => {
    const { log, lines } = capture();
    log.child({ password: 'hunter2' }).info('one', {
      authorization: 'hunter2',
      headers: { cookie: 'hunter2', 'set-cookie': 'hunter2', accept: 'text/html' },
      request: { headers: { authorization: 'hunter2' } },
      account: { login: { user: 'hunter2' } },
      url: 'https://bob:hunter2@shop.test/p?q=1',
    });
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('https://***@shop.test/p?q=1');
    expect(lines.join('')).toContain('text/html');
  });
});

describe('the format', () => {
  it('is JSON where nobody watches, and pretty on a terminal, unless it is set', () => {
    const shapes = (['auto', 'json', 'pretty'] as const).map((format) =>
      [false, true].map((isTTY) => {
        const { log, lines } = capture({ format }, isTTY);
        log.info('hello');
        return lines[0]?.startsWith('{') ? 'json' : 'pretty';
      }),
    );
    expect(shapes).toEqual([
      ['json', 'pretty'],
      ['json', 'json'],
      ['pretty', 'pretty'],
    ]);
  });

  it('is one short line for a person', () => {
    const line = JSON.stringify({
      level: 'warn',
      time: '2026-01-02T03:04:05.678Z',
      runtime_mode: 'x',
      run_id: 'r',
      why: 'a b',
      msg: 'stuck',
    });
    expect(prettyLine(line, false)).toBe('03:04:05 WARN  stuck  run_id=r why="a b"\n');
    expect(prettyLine(line, true)).toBe('03:04:05 \u001b[33mWARN \u001b[39m stuck  run_id=r why="a b"\n');
  });

  it('shows an error by its code and message', () => {
    const line = JSON.stringify({
      level: 'error',
      time: '2026-01-02T03:04:05Z',
      error: { code: 'a.b', message: 'no' },
      msg: 'failed',
    });
    expect(prettyLine(line, false)).toBe('03:04:05 ERROR failed  error=a.b: no\n');
  });

  it('does not let what is logged steer the terminal', () => {
    const line = JSON.stringify({
      level: 'info',
      time: '2026-01-02T03:04:05Z',
      msg: 'a\u001b[2Jb\u0007\rc\nd',
      x: '\u009b31m',
    });
    for (const control of ['\u001b[2J', '\u0007', '\r', '\u009b'])
      expect(prettyLine(line, true)).not.toContain(control);
    expect(prettyLine(line, true).split('\n')).toHaveLength(3);
  });

  it('lets through what is no log line', () => {
    expect(prettyLine('not json\n', false)).toBe('not json\n');
    expect(prettyLine('null\n', false)).toBe('null\n');
  });
});

it('can be silent', () => {
  expect(silentLog.child({ run_id: 'r' })).toBe(silentLog);
  expect(silentLog.error('nobody hears this')).toBeUndefined();
});
