import { expect, it } from 'vitest';
import { canChangeReplicas, isAtLeast, isOpenToOtherAccounts } from './server-version.ts';

it.each([
  ['2.9.10', true],
  ['2.9.99', true],
  ['2.10.26', true],
  ['2.10.27-RC.1', false],
  ['2.10.27', false],
  ['2.11.0', true],
  ['2.11.1', false],
  ['2.12.0', false],
  ['3.0.0', false],
  ['of our own', false],
])('version %s is open to CVE-2025-30215: %s', (version, isOpen) => {
  expect(isOpenToOtherAccounts(version)).toBe(isOpen);
});

it.each([
  ['2.9.10', false],
  ['2.9.25', false],
  ['2.10.0', true],
  ['v2.12.3', true],
  ['unknown', false],
])('version %s may change the replicas of a stream: %s', (version, may) => {
  expect(canChangeReplicas(version)).toBe(may);
});

it('versions are compared by their numbers', () => {
  expect([isAtLeast('2.10.0', [2, 9, 99]), isAtLeast('2.9.9', [2, 9, 10]), isAtLeast('2.9.10', [2, 9, 10])]).toEqual([
    true,
    false,
    true,
  ]);
});
