/** The differential test itself: equal coordinators pass it, and one that is wrong in one small thing does not. */
import { describe, expect, it } from 'vitest';
import { EarlyOpenCode } from '../../../libs/coordination/protocol/phases.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import { assertEqualCoordinators, type OpenPair } from './property.ts';
import { openSqlitePair } from './sqlite-pair.ts';

const SEED = 5;
/** One from which each of the breaks below is met within a few scenarios. */
const BREAKING_SEED = 47;

type Break = (whole: Coordinator) => Partial<Coordinator>;

/** Each differs in what one command says, as a script would that reads one argument wrongly. */
const BREAKS: Readonly<Record<string, Break>> = {
  'a lease that is a millisecond longer': (whole) => ({
    renew: (command) => whole.renew({ ...command, leaseMs: command.leaseMs + 1 }),
  }),
  'a claim that does not look at the epoch': (whole) => ({
    claim: (command) => whole.claim({ ...command, epoch: Number.MAX_SAFE_INTEGER }),
  }),
  'a claim that takes a suspect among others': (whole) => ({
    claim: (command) => whole.claim({ ...command, alone: true }),
  }),
  'a crash budget that is one too high': (whole) => ({
    recoverZombie: (command) => whole.recoverZombie({ ...command, crashBudget: command.crashBudget + 1 }),
  }),
  'a commit that notifies everything': (whole) => ({
    commitSuccess: (command) => whole.commitSuccess({ ...command, wakeUps: 500 }),
  }),
  'a commit without hand-over': (whole) => ({
    commitSuccess: ({ handOver: _, ...command }) => whole.commitSuccess(command),
  }),
  'a decision without its fallback': (whole) => ({
    thresholdDecide: ({ fallback: _, ...command }) => whole.thresholdDecide(command),
  }),
  'a decision without its cooldown': (whole) => ({
    thresholdDecide: ({ cooldown: _, ...command }) => whole.thresholdDecide(command),
  }),
  'a replay that never joins again': (whole) => ({
    replay: (command) => whole.replay({ ...command, rejoin: false }),
  }),
  'an early opening that never comes': () => ({
    earlyOpen: async () => ({ code: EarlyOpenCode.NOT_OPENED, wakeUps: [] }),
  }),
  'a compute hop that is taken for any other': (whole) => ({
    commitSuccess: (command) =>
      whole.commitSuccess({ ...command, children: command.children.map(({ isComputed: _, ...child }) => child) }),
  }),
  'a timeline that forgets its last event': (whole) => ({
    listEvents: async (filter) => (await whole.listEvents(filter)).slice(0, -1),
  }),
  'a window that is filled with hops alone': (whole) => ({
    windowFill: (command) => whole.windowFill({ ...command, requests: 0 }),
  }),
  'a sweep that finds no end of a lease': (whole) => ({
    dueTake: async (command) => {
      const { entries, more } = await whole.dueTake(command);
      return { entries: entries.filter(({ kind }) => kind !== 'recover'), more };
    },
  }),
};

describe('two coordinators under generated scenarios', () => {
  it('are equal when both are the same', async () => {
    await assertEqualCoordinators({ open: (_, windows) => openSqlitePair(windows), sequences: 15, seed: SEED });
  });

  it.each(Object.entries(BREAKS))('are found unequal by %s', async (_, breakIt) => {
    const open: OpenPair = (_run, windows) => openSqlitePair(windows, (whole) => ({ ...whole, ...breakIt(whole) }));
    const found = assertEqualCoordinators({ open, sequences: 60, seed: BREAKING_SEED, shrinks: false });
    await expect(found).rejects.toThrow('Property failed');
  });

  it('are shown unequal by a few operations', async () => {
    const open: OpenPair = (_, windows) =>
      openSqlitePair(windows, (whole) => ({ ...whole, ...BREAKS['a lease that is a millisecond longer']!(whole) }));
    const failure = await assertEqualCoordinators({ open, sequences: 60, seed: SEED }).catch(String);
    const operations = failure?.match(/"kind":/g) ?? [];
    expect(operations.length).toBeGreaterThan(0);
    expect(operations.length).toBeLessThan(6);
  });
});
