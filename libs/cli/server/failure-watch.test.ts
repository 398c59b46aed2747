import { describe, expect, it } from 'vitest';
import { Run } from '../../contracts/services.ts';
import { FirstFailures } from '../status/first-failures.ts';
import { FailureWatch, type FailureWatchOptions } from './failure-watch.ts';

const RETRY = {
  ...{ code: 'waiting_for_retry', text: '', moduleId: '', nodes: 3, atMs: 5_000 },
  failure: { code: 'download.refused', message: 'nobody listens', stepIdx: 0 },
};
const DEAD = {
  ...{ nodeId: 'n', moduleId: 'm', stepIdx: 1, phase: 0, reason: 'failed', epoch: 0, attempts: 2, crashes: 0 },
  ...{ isRequest: false, body: Buffer.from('{}'), error: Buffer.from('{"code":"parse.threw","message":"no price"}') },
};

function watching(latest: () => Run | undefined) {
  const lines: string[] = [];
  const asked: string[] = [];
  const calls = {
    explainRun: async () => {
      asked.push('explain');
      return { reasons: [{ ...RETRY, failure: undefined, code: 'paused' }, RETRY], sampled: false };
    },
    listDeadLetters: async () => {
      asked.push('letters');
      return { deadLetters: [DEAD], nextPageToken: '' };
    },
  } as unknown as FailureWatchOptions['calls'];
  const failures = new FirstFailures({ say: (text) => void lines.push(text), event: () => {} });
  const watch = new FailureWatch({
    ...{ calls, runId: 'r', steps: ['list', 'detail'], failures, latest, nowMs: () => 2_000 },
    ...{ signal: new AbortController().signal, intervalMs: 3_600_000 },
  });
  return { watch, lines, asked };
}

const counts = (more: object) => Run.fromPartial({ nodes: { created: 9, done: 1, dead: 0, open: 3, ...more } });

describe('the failures of a run at a server', () => {
  it('are reported while it goes on: those that are retried, and those that are final', async () => {
    const { watch, lines } = watching(() => counts({ dead: 1 }));
    await watch.look();
    await watch.look();
    await watch.stop();
    expect(lines).toEqual([
      'first failure of detail  parse.threw: no price (attempt 2, given up)',
      'first failure of list  download.refused: nobody listens (tried again in 3.0 s)',
    ]);
  });

  it('are not asked for without need', async () => {
    let run: Run | undefined;
    const { watch, asked } = watching(() => run);
    await watch.look();
    run = counts({ open: 0 });
    await watch.look();
    run = counts({ dead: 1, open: 0 });
    await watch.look();
    await watch.look();
    await watch.stop();
    expect(asked).toEqual(['letters']);
  });
});
