import { expect, it } from 'vitest';
import type { Overview } from '../../explain/overview.ts';
import { overviewText } from './overview-text.ts';

const paint = (_colour: string, text: string) => text;
const SEEN: Overview = {
  atMs: Date.UTC(2026, 5, 1, 12, 0, 30),
  waitingRuns: 7,
  openRuns: 2,
  runs: [
    {
      ...{ runId: 'run-1', modules: ['shop@1.2.0'], account: 'acme', priorityClass: 'high', isPaused: false },
      ...{
        acceptedAtMs: Date.UTC(2026, 5, 1, 12),
        inside: 64,
        ready: 29_936,
        open: 30_000,
        done: 12,
        dead: 1,
        share: 0.8,
      },
    },
  ],
  waits: [
    { wait: 'rate limit', nodes: 12 },
    { wait: 'window', nodes: 29_936 },
  ],
  stages: [
    { stage: 'downloader', processes: 2, executing: 3, waiting: 4 },
    { stage: 'parser', processes: 0, executing: 0, waiting: 9 },
  ],
  hosts: [{ key: 'shop.test', waiting: 12, inFlight: 4, nextAtMs: Date.UTC(2026, 5, 1, 12, 0, 31) }],
  breakers: [{ key: 'pay.test', state: 'half_open', trialAtMs: undefined }],
  backends: [{ backend: 'redis', isReady: false, reason: 'no memory left' }],
  isSampled: false,
};

it('shows runs by share, then waits, stages, limits and breakers, and first what does not work', () => {
  const text = overviewText(SEEN, { paint, width: undefined, height: undefined });
  expect(text.split('\n').slice(1)).toEqual([
    'redis does not do its work: no memory left',
    '',
    'RUN    SHARE  AT STAGES  READY   OPEN    DONE  DEAD  CLASS  ACCOUNT  AGE   MODULE',
    'run-1  80 %   64         29,936  30,000  12    1     high   acme     0:30  shop@1.2.0',
    '',
    'waits     12 for a rate limit · 29,936 for their run’s turn',
    'stages    downloader        2 processes · 3 executed · 4 waiting',
    '          parser            NO PROCESS · 0 executed · 9 waiting',
    'limits    shop.test · 4 under way · 12 waiting · the next in 1.0 s',
    'breakers  pay.test · half open',
    '',
  ]);
  expect(text).toMatch(/^\d\d:\d\d:\d\d · 2 open runs · 7 waiting to be opened\n/);
});

it('fits a terminal: the last lines and the ends of long ones are left out', () => {
  const lines = overviewText(SEEN, { paint, width: 40, height: 6 }).trimEnd().split('\n');
  expect(lines).toHaveLength(6);
  expect(lines.at(-1)).toBe('…');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
});

it('says so when nothing runs', () => {
  const idle = {
    ...SEEN,
    runs: [],
    waits: [],
    hosts: [],
    breakers: [],
    backends: [],
    stages: [],
    openRuns: 0,
    waitingRuns: 0,
  };
  expect(overviewText(idle, { paint, width: 80, height: 24 })).toMatch(
    /^\S+ · 0 open runs · 0 waiting to be opened\n\nno run is open\n+$/,
  );
});
