import { describe, expect, it } from 'vitest';
import { FirstFailures, type SeenFailure } from './first-failures.ts';

const refused: SeenFailure = {
  step: 'list',
  code: 'download.refused',
  message: 'http://a.test refused\n\u001b[31mthe connection',
  action: 'retry',
  attempts: 1,
  retryInMs: 1_500,
};

function reported() {
  const lines: string[] = [];
  const events: unknown[] = [];
  const failures = new FirstFailures({
    say: (text) => void lines.push(text),
    event: (name, fields) => void events.push({ name, ...fields }),
  });
  return { failures, lines, events };
}

describe('the first failure of a kind', () => {
  it('is reported when it happens, once, in one line', () => {
    const { failures, lines, events } = reported();
    for (let at = 0; at < 5; at += 1) failures.take(refused);
    expect(lines).toEqual([
      'first failure of list  download.refused: http://a.test refused [31mthe connection (attempt 1, tried again in 1.5 s)',
    ]);
    expect(events).toEqual([
      expect.objectContaining({ name: 'first_failure', code: 'download.refused', retry_in_ms: 1_500 }),
    ]);
  });

  it('is another one for another step or another code', () => {
    const { failures, lines } = reported();
    failures.take(refused);
    failures.take({ ...refused, step: 'detail' });
    failures.take({ ...refused, code: 'download.timeout' });
    expect(lines).toHaveLength(3);
  });

  it.each([
    ['dead', '(attempt 1, given up)'],
    ['terminated', '(attempt 1, given up)'],
    ['fallback', '(attempt 1, its page is parsed again)'],
  ])('says what follows: %s', (action, text) => {
    const { failures, lines } = reported();
    failures.take({ ...refused, action });
    expect(lines[0]).toContain(text);
  });

  it('is not reported for ever', () => {
    const { failures, lines } = reported();
    for (let at = 0; at < 100; at += 1) failures.take({ ...refused, code: `parse.c${at}` });
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toContain('catena letters');
    expect(failures.isFull).toBe(true);
  });

  it('does not claim what is not known', () => {
    const { failures, lines } = reported();
    failures.take({ step: 'list', code: 'x.y', message: 'm', action: 'retry' });
    expect(lines[0]).toBe('first failure of list  x.y: m (tried again)');
  });
});
