import { describe, expect, it } from 'vitest';
import { CatenaError } from '../../errors/catena-error.ts';
import { persistently } from './retry-window.ts';

const silent = () => new CatenaError('grpc.unavailable', 'nobody is there', { class: 'retryable' });

function window(windowMs: number) {
  const said: string[] = [];
  const leaving = new AbortController();
  const monotonicMs = () => performance.now();
  return {
    said,
    leaving,
    options: {
      address: 'a:1',
      windowMs,
      say: (text: string) => void said.push(text),
      monotonicMs,
      signal: leaving.signal,
    },
  };
}

describe('window with a server', () => {
  it('tries again, and says so once', async () => {
    const { said, options } = window(10_000);
    let tries = 0;
    const result = await persistently(options, async (answered) => {
      tries += 1;
      if (tries < 3) throw silent();
      answered();
      return 'done';
    });
    expect([result, tries, said]).toEqual([
      'done',
      3,
      ['nobody is there: retrying for 10.0 s', 'the server answers again'],
    ]);
  });

  it('has an end', async () => {
    const failing = persistently(window(50).options, () => Promise.reject(silent()));
    await expect(failing).rejects.toMatchObject({ code: 'server.lost', data: { reason: 'grpc.unavailable' } });
  });

  it('counts from the last answer', async () => {
    let tries = 0;
    const outcome = await persistently(window(400).options, async (answered) => {
      tries += 1;
      answered();
      if (tries < 4) throw silent();
      return tries;
    });
    expect(outcome).toBe(4);
  });

  it('is not for what another try would not change, nor for who leaves', async () => {
    const fatal = new CatenaError('api.unknown_run', 'no such run');
    await expect(persistently(window(1_000).options, () => Promise.reject(fatal))).rejects.toBe(fatal);
    const { leaving, options } = window(60_000);
    const waiting = persistently(options, () => Promise.reject(silent()));
    const reason = new Error('left');
    leaving.abort(reason);
    await expect(waiting).rejects.toThrow();
  });
});
