import { expect, it } from 'vitest';
import { MAX_STANDING, StandingAlerts } from './alert-channel.ts';

it('what stands is not told again until it has ended or was not told after all', () => {
  const standing = new StandingAlerts();
  const alert = { key: 'a', grade: 'warning' } as const;
  expect(standing.tell(alert)).toBe(true);
  expect(standing.tell(alert)).toBe(false);
  standing.forget(alert);
  expect(standing.tell(alert)).toBe(true);
  expect(standing.tell({ key: 'a', grade: 'critical' })).toBe(true);
  standing.forget(alert);
  expect(standing.tell({ key: 'a', grade: 'critical' })).toBe(false);
  expect(standing.tell({ key: 'a', grade: 'resolved' })).toBe(true);
  expect(standing.tell(alert)).toBe(true);
});

it('what stands is bounded: the one told first is forgotten first', () => {
  const standing = new StandingAlerts();
  for (let no = 0; no <= MAX_STANDING; no += 1) standing.tell({ key: `run:${no}`, grade: 'warning' });
  expect(standing.tell({ key: 'run:1', grade: 'warning' })).toBe(false);
  expect(standing.tell({ key: 'run:0', grade: 'warning' })).toBe(true);
});
