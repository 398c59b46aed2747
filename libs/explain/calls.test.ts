import { describe, expect, it } from 'vitest';
import type { CallInFlight } from '../telemetry/calls-in-flight.ts';
import { longCalls, type ProcessCalls } from './calls.ts';

function call(changes: Partial<CallInFlight> = {}): CallInFlight {
  return {
    ...{ moduleId: 'shop@1.0.0', step: 'detail', fn: 'parse', runId: 'r', nodeId: 'n', url: 'https://shop.test/1' },
    ...{ worker: 'worker-2', ageMs: 12_300, budgetMs: 30_000 },
    ...changes,
  };
}

function process(changes: Partial<ProcessCalls> = {}): ProcessCalls {
  return { process: '', workers: 2, queued: 0, queuedMs: 0, begun: 1, oldest: [call()], ...changes };
}

describe('long calls of author code', () => {
  it('are named with their function, age, worker, page and budget', () => {
    expect(longCalls('r', [process()])).toEqual([
      {
        code: 'long_calls',
        text: 'parse of shop@1.0.0/detail runs for 12 s in worker-2, on https://shop.test/1; a call may take 30 s.',
        moduleId: 'shop@1.0.0',
        nodes: 1,
      },
    ]);
  });

  it('of one function are one reason, with the process where there are several', () => {
    const oldest = [
      call(),
      call({ ageMs: 4_000, url: 'https://shop.test/2' }),
      call({ fn: 'request', url: undefined }),
    ];
    expect(longCalls('r', [process({ process: 'catena-parser@host:7', oldest })]).map(({ text }) => text)).toEqual([
      'parse of shop@1.0.0/detail runs 2 times, the longest for 12 s in worker-2 of catena-parser@host:7, on https://shop.test/1, https://shop.test/2; a call may take 30 s.',
      'request of shop@1.0.0/detail runs for 12 s in worker-2 of catena-parser@host:7; a call may take 30 s.',
    ]);
  });

  it.each([
    ['is of another run', call({ runId: 'other' })],
    ['has just begun', call({ ageMs: 900 })],
  ])('are none when the call %s', (_why, only) => {
    expect(longCalls('r', [process({ oldest: [only] })])).toEqual([]);
  });

  it('hold up the calls of any run, which is told with how long they wait', () => {
    const [reason] = longCalls('r', [process({ oldest: [], queued: 14, queuedMs: 3_400 })]);
    expect(reason).toEqual({
      code: 'queued_calls',
      text: '14 calls of any run wait for one of 2 workers, the first for 3.4 s.',
    });
    expect(longCalls('r', [process({ oldest: [], queued: 14, queuedMs: 400 })])).toEqual([]);
  });
});
