import { expect, it } from 'vitest';
import { MAX_UNRESOLVED, UnresolvedAlerts } from './alert-channel.ts';

it('what stands is not told again until it has ended or was not told after all', () => {
  const unresolved = new UnresolvedAlerts();
  const alert = { key: 'a', grade: 'warning' } as const;
  expect(unresolved.recordSent(alert)).toBe(true);
  expect(unresolved.recordSent(alert)).toBe(false);
  unresolved.forget(alert);
  expect(unresolved.recordSent(alert)).toBe(true);
  expect(unresolved.recordSent({ key: 'a', grade: 'critical' })).toBe(true);
  unresolved.forget(alert);
  expect(unresolved.recordSent({ key: 'a', grade: 'critical' })).toBe(false);
  expect(unresolved.recordSent({ key: 'a', grade: 'resolved' })).toBe(true);
  expect(unresolved.recordSent(alert)).toBe(true);
});

it('what stands is bounded: the one told first is forgotten first', () => {
  const unresolved = new UnresolvedAlerts();
  for (let no = 0; no <= MAX_UNRESOLVED; no += 1) unresolved.recordSent({ key: `run:${no}`, grade: 'warning' });
  expect(unresolved.recordSent({ key: 'run:1', grade: 'warning' })).toBe(false);
  expect(unresolved.recordSent({ key: 'run:0', grade: 'warning' })).toBe(true);
});
