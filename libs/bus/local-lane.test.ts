import { expect, it } from 'vitest';
import { decodeMessage } from '../contracts/chain.ts';
import { LocalLane } from './local-lane.ts';
import type { Delivery, Receiver } from './port.ts';

const MESSAGE = decodeMessage('request', new Uint8Array());

function open(slots: number) {
  const ends: (() => void)[] = [];
  const givenBack: number[] = [];
  const remoteSlots: number[] = [];
  const lane = new LocalLane({
    slots,
    receive: () => new Promise<void>((resolve) => ends.push(resolve)),
    onRemoteSlots: (count) => remoteSlots.push(count),
  });
  const delivery: Delivery<Receiver> = {
    message: MESSAGE,
    ack: () => undefined,
    giveBack: (delayMs) => givenBack.push(delayMs),
  };
  return { lane, delivery, ends, givenBack, remoteSlots };
}

it('holds a remote delivery that comes when its slot is taken, and takes no local one before it', async () => {
  const { lane, delivery, ends } = open(1);
  expect(lane.tryTake()).toBe(true);
  lane.run(delivery);
  let ended = false;
  const remote = lane.receiveRemote(delivery).then(() => {
    ended = true;
  });
  expect([lane.waiting, lane.tryTake(), ends.length]).toEqual([1, false, 1]);
  ends[0]!();
  await Promise.resolve();
  await Promise.resolve();
  expect([lane.waiting, ends.length, ended]).toEqual([0, 2, false]);
  ends[1]!();
  await remote;
  expect(lane.tryTake()).toBe(true);
});

it('tells the inner bus how many slots are left to it', async () => {
  const { lane, delivery, ends, remoteSlots } = open(2);
  lane.tryTake();
  lane.run(delivery);
  lane.tryTake();
  lane.run(delivery);
  for (const end of ends) end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(remoteSlots).toEqual([1, 0, 1, 2]);
});

it('gives back what waits when it stops, and what comes after', async () => {
  const { lane, delivery, ends, givenBack } = open(1);
  lane.tryTake();
  lane.run(delivery);
  const waiting = lane.receiveRemote(delivery);
  const stopped = lane.stop();
  await waiting;
  await lane.receiveRemote(delivery);
  expect([givenBack.length, ends.length, lane.tryTake()]).toEqual([2, 1, false]);
  ends[0]!();
  await stopped;
});
